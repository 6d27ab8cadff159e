/** What goes wrong in a cell, and when. Whom it strikes follows from the seed and the guest's name alone. */
import { RandomStream } from '#units';
import { NO_TROUBLE, type GuestTrouble } from '../../host/host-guest.js';
import type { Fault } from '../model/spec.js';

/** What is wrong with each guest at a time. */
export function troublesOf(
  faults: readonly Fault[],
  names: readonly string[],
  seed: number,
): (guest: number, timeMs: number) => GuestTrouble {
  const struck = names.map((name) => faults.filter((fault, at) => strikes(fault, at, name, seed)));
  return (guest, timeMs) => {
    const now = (struck[guest] ?? []).filter(({ fromMs, toMs }) => fromMs <= timeMs && timeMs < toMs);
    if (now.length === 0) return NO_TROUBLE;
    const delays = now.map((fault) => (fault.kind === 'LATE_STATISTICS' ? fault.delayMs : 0));
    return { refuses: now.some(({ kind }) => kind === 'REFUSE'), statisticsDelayMs: Math.max(...delays) };
  };
}

/** What is left of `capacityBytes` at a time. */
export function capacityAt(faults: readonly Fault[], capacityBytes: number, timeMs: number): number {
  let left = capacityBytes;
  for (const fault of faults) {
    if (fault.kind === 'HOST_LOSS' && fault.fromMs <= timeMs && timeMs < fault.toMs) {
      left -= fault.capacityRatio * capacityBytes;
    }
  }
  return Math.max(0, left);
}

function strikes(fault: Fault, at: number, name: string, seed: number): boolean {
  if (fault.kind === 'HOST_LOSS') return false;
  return RandomStream.of(seed, `fault ${at} ${name}`).nextFloat() < fault.guestRatio;
}

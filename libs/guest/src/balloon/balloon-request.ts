/**
 * A request to the guest's balloon, from the moment it is made to its outcome. The driver itself knows no requests: it goes on
 * trying for ever, as Linux's does; what ends is somebody's interest in it.
 */
import { PAGE_SIZE_BYTES, US_PER_MS, US_PER_SEC } from '#units';
import { distance } from './virtio-balloon.js';
import type { VirtioBalloon } from './virtio-balloon.js';

export interface BalloonRequest {
  readonly id: string;
  readonly targetPages: number;
  /** Guest time after which interest ends; null: never. */
  readonly timeoutMs: number | null;
  readonly startedUs: number;
}

export type BalloonOutcome = 'REACHED' | 'STALLED' | 'TIMED_OUT' | 'REFUSED' | 'SUPERSEDED' | 'CANCELLED';

export interface BalloonRequestEnd {
  readonly id: string;
  readonly tick: number;
  readonly outcome: BalloonOutcome;
  readonly achievedPages: number;
  readonly deficitPages: number;
  readonly reason: string;
}

/**
 * A balloon that has not moved for so long although it should is called stalled: 24 tries of the driver. A choice: Linux
 * itself never gives up.
 */
export const STALL_AFTER_US = 5 * US_PER_SEC;

/** How a request stands, or null while it goes on. A balloon at its target has reached it, however late. */
export function outcomeOf(
  request: BalloonRequest,
  balloon: VirtioBalloon,
  nowUs: number,
): 'REACHED' | 'STALLED' | 'TIMED_OUT' | null {
  if (distance(balloon) === 0 && balloon.phase === 'IDLE') return 'REACHED';
  if (nowUs >= deadlineUs(request)) return 'TIMED_OUT';
  return isStalled(balloon, nowUs) ? 'STALLED' : null;
}

/** When the caller's patience ends, in guest time; Infinity: never. */
export function deadlineUs(request: BalloonRequest): number {
  return request.timeoutMs === null ? Infinity : request.startedUs + request.timeoutMs * US_PER_MS;
}

/** The balloon wants to change, its driver tries, and no page has moved for a while. */
export function isStalled(balloon: VirtioBalloon, nowUs: number): boolean {
  return distance(balloon) !== 0 && balloon.phase !== 'IDLE' && nowUs - balloon.movedAtUs >= STALL_AFTER_US;
}

export function endOf(
  request: Pick<BalloonRequest, 'id' | 'targetPages'>,
  tick: number,
  outcome: BalloonOutcome,
  heldPages: number,
  reason: string,
): BalloonRequestEnd {
  const deficitPages = Math.abs(request.targetPages - heldPages);
  return { id: request.id, tick, outcome, achievedPages: heldPages, deficitPages, reason };
}

/** A sentence on an end that time brought; the guest has `freePages` left. */
export function whyEnded(
  outcome: 'REACHED' | 'STALLED' | 'TIMED_OUT' | 'CANCELLED',
  request: BalloonRequest,
  balloon: VirtioBalloon,
  nowUs: number,
  freePages: number,
): string {
  const standing = standingOf(request, balloon);
  switch (outcome) {
    case 'REACHED':
      return `${standing}, reached after ${seconds(balloon.movedAtUs - request.startedUs)}`;
    case 'TIMED_OUT':
      return `${standing} when the limit of ${request.timeoutMs ?? 0} ms passed; the target stays`;
    case 'STALLED':
      return (
        `${standing}; no page moved for ${seconds(nowUs - balloon.movedAtUs)}, the ${mib(freePages)} that the guest has ` +
        `free are its reserve; the target stays and the driver goes on trying`
      );
    case 'CANCELLED':
      return `${standing} when it was called off after ${seconds(nowUs - request.startedUs)}, and stays as it is`;
  }
}

/** How far the balloon is, for people. */
export function standingOf(request: BalloonRequest, balloon: VirtioBalloon): string {
  return `the balloon holds ${mib(balloon.device.actualPages)} of ${mib(request.targetPages)}`;
}

/** Pages as people read them. */
export function mib(pages: number): string {
  const value = (pages * PAGE_SIZE_BYTES) / 2 ** 20;
  return `${Number.isInteger(value) ? value : value.toFixed(1)} MiB`;
}

function seconds(us: number): string {
  return `${(us / US_PER_SEC).toFixed(1)} s`;
}

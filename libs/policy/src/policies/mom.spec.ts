import { describe, expect, it } from '@jest/globals';
import { GIB, KIB } from '#units';
import { aGuest, aView, loadCases, rawSize, rowOf, stats } from '../../test/support/build.js';
import type { ParameterValues } from '../model/parameters.js';
import type { GuestView, HostView } from '../model/view.js';
import { mom } from './mom.js';

interface PeerCase {
  id: string;
  host: { total: number; free: number };
  guest: { cur: number; unused: number; min: number; max: number };
  expect_balloon_target: number | null;
}
const file = loadCases('mom-balloon-derived') as { cases: PeerCase[] };

function guestOf({ cur, unused, min, max }: PeerCase['guest']): GuestView {
  return aGuest({
    assignedBytes: max * KIB,
    minBytes: min * KIB,
    balloonTargetBytes: (max - cur) * KIB,
    stats: stats({ freeBytes: unused * KIB }),
  });
}

function viewOf({ host, guest }: PeerCase): HostView {
  return aView({ capacityBytes: host.total * KIB, freeBytes: host.free * KIB }, [guestOf(guest)]);
}

/** The new size in KiB, or null when the guest stays as it is. */
function targetKib(peerCase: PeerCase, parameters: ParameterValues = {}): number | null {
  const plan = mom.plan(viewOf(peerCase), parameters);
  return rowOf(plan) === undefined ? null : rawSize(plan, guestOf(peerCase.guest)) / KIB;
}

const starving = file.cases.find(({ id }) => id.includes('starving'))!;

describe('mom', () => {
  it.each(file.cases)('answers as the rules do: $id', (peerCase) => {
    expect(targetKib(peerCase)).toBe(peerCase.expect_balloon_target);
  });

  it("scales the wanted free share when growing in VDSM's variant", () => {
    expect(targetKib(starving, { variant: 'vdsm' })).toBe(2_705_325);
  });

  it('brings a guest below its guarantee back to it, whatever the host has', () => {
    const below = { ...starving, host: { total: 16_777_216, free: 0 }, guest: { ...starving.guest, cur: 900_000 } };
    expect(targetKib(below)).toBe(below.guest.min);
  });

  it('never shrinks below the guarantee: the smaller of guarantee and need would', () => {
    const idle = { cur: 1_060_000, unused: 1_000_000, min: 1_048_576, max: 4_194_304 };
    const peerCase = { ...starving, host: { total: 16_777_216, free: 1_000_000 }, guest: idle };
    expect(targetKib(peerCase)).toBe(idle.min);
    const needKib = idle.cur - idle.unused;
    expect(Math.min(idle.min, needKib)).toBeLessThan(idle.min); // what the rule's older text would have allowed
  });

  it('shrinks strictly below a fifth of free memory, grows at it', () => {
    const guest = { cur: 2_097_152, unused: 1_500_000, min: 1_048_576, max: 4_194_304 };
    const at = { ...starving, guest, host: { total: 10_000_000, free: 2_000_000 } };
    const below = { ...at, host: { total: 10_000_000, free: 1_999_999 } };
    expect(targetKib(at)).toBeGreaterThan(guest.cur);
    expect(targetKib(below)).toBeLessThan(guest.cur);
  });

  it('only grows when ballooning is switched off the way VDSM ships it', () => {
    const [idle] = file.cases;
    expect(targetKib(idle!)).not.toBeNull();
    expect(targetKib(idle!, { growOnly: true })).toBeNull();
    expect(targetKib(starving, { growOnly: true })).not.toBeNull();
  });

  it('judges by the average of its samples, not by the newest alone', () => {
    const calm = aView({ capacityBytes: 16 * GIB, freeBytes: 8 * GIB }, [aGuest()]);
    const short = aView({ capacityBytes: 16 * GIB, freeBytes: 1 * GIB }, [aGuest()]);
    let memory = mom.plan(calm).memory;
    memory = mom.plan(calm, {}, memory).memory;
    expect(rowOf(mom.plan(short))).toBeDefined();
    expect(rowOf(mom.plan(short, {}, memory))).toBeUndefined();
  });

  it('forgets samples beyond the length of its history', () => {
    let memory = mom.plan(aView({}, [aGuest()])).memory;
    for (let round = 0; round < 20; round++) memory = mom.plan(aView({}, [aGuest()]), {}, memory).memory;
    expect((memory as { hostFreeKib: number[] }).hostFreeKib).toHaveLength(10);
  });
});

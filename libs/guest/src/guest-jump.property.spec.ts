import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GIB, MIB, bytesToPages } from '#units';
import type { BalloonRequestEnd } from './balloon/balloon-request.js';
import type { GuestOptions } from './guest-options.js';
import { Guest } from './guest.js';
import type { GuestWork } from './work/guest-work.js';
import { SyntheticWorkload } from './workload/synthetic-workload.js';
import { IDLE_WORKLOAD, type Workload } from './workload/workload.js';
import { PLAIN_GUEST } from '../test/plain-guest.js';

const ASSIGNED_BYTES = GIB / 2;
const OPTIONS: GuestOptions = {
  ...PLAIN_GUEST,
  assignedBytes: ASSIGNED_BYTES,
  freePageReporting: true,
  seed: 7,
};

type Step =
  | { readonly kind: 'TARGET'; readonly mib: number; readonly timeoutMs: number | null }
  | { readonly kind: 'WORK'; readonly work: GuestWork }
  | { readonly kind: 'CANCEL' }
  | { readonly kind: 'LIVE'; readonly ticks: number };

const WORKS: readonly GuestWork[] = [
  { kind: 'PAUSE' },
  { kind: 'RESUME' },
  { kind: 'COMPACT', node: null, zone: null, order: null, mode: 'SYNC' },
];

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('LIVE' as const), ticks: fc.integer({ min: 1, max: 300 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('TARGET' as const),
        mib: fc.integer({ min: 0, max: 500 }),
        timeoutMs: fc.constantFrom(null, 1500, 7000),
      }),
    },
    { weight: 1, arbitrary: fc.constantFrom<GuestWork>(...WORKS).map((work) => ({ kind: 'WORK' as const, work })) },
    { weight: 1, arbitrary: fc.constant({ kind: 'CANCEL' as const }) },
  ),
  { minLength: 4, maxLength: 10 },
);

const options: fc.Arbitrary<GuestOptions> = fc
  .record({
    kernelProfile: fc.constantFrom('6.1' as const, '6.12' as const),
    deflateOnOom: fc.boolean(),
    swapBytes: fc.constantFrom(0, 64 * MIB),
    meanRatio: fc.constantFrom(0, 0.3, 0.7),
    hugeRatio: fc.constantFrom(0, 0.8),
    auditEveryTicks: fc.constantFrom(0, 13),
    seed: fc.integer({ min: 0, max: 1000 }),
  })
  .map(({ meanRatio, hugeRatio, ...rest }) => {
    const pattern = { meanRatio, swingRatio: 0.3, periodMs: 900_000 };
    const table = meanRatio === 0 ? { ...IDLE_WORKLOAD } : new SyntheticWorkload(pattern, ASSIGNED_BYTES, rest.seed);
    const workload = Object.assign<Workload, Pick<Workload, 'hugeRatio'>>(table, { hugeRatio });
    return { ...OPTIONS, ...rest, workload };
  });

function give(guest: Guest, step: Exclude<Step, { kind: 'LIVE' }>, id: string): void {
  if (step.kind === 'TARGET') guest.requestBalloon(id, bytesToPages(step.mib * MIB), step.timeoutMs);
  else if (step.kind === 'CANCEL') guest.cancelRequest('0');
  else guest.perform(id, step.work, null);
}

function live(guest: Guest, ticks: number, jumps: boolean): readonly BalloonRequestEnd[] {
  if (jumps) return guest.advanceTo(guest.tick + ticks);
  return Array.from({ length: ticks }, () => guest.advance()).flat();
}

/** `again` of two guests that live alike is asked what `guest` is, after each step of both. */
function liveTogether(
  given: GuestOptions,
  todo: readonly Step[],
  jumps: boolean,
  again: (guest: Guest) => Guest,
): void {
  const single = Guest.boot(given, 40);
  let other = Guest.boot(given, 40);
  todo.forEach((step, at) => {
    if (step.kind !== 'LIVE') {
      for (const guest of [single, other]) give(guest, step, `${at}`);
      return;
    }
    expect(live(other, step.ticks, jumps)).toEqual(live(single, step.ticks, false));
    expect([at, other.digest()]).toEqual([at, single.digest()]);
    expect(other.read()).toEqual(single.read());
    expect(other.takeWorkEnds()).toEqual(single.takeWorkEnds());
    other = again(other);
  });
}

describe('a guest that jumps over quiet ticks', () => {
  it('becomes what it is after as many single ticks, whatever it is asked for in between', () => {
    fc.assert(
      fc.property(options, steps, (given, todo) => {
        liveTogether(given, todo, true, (guest) => guest);
      }),
      { numRuns: 12 },
    );
  }, 60_000);
});

describe('a guest that comes back from a snapshot again and again', () => {
  it('becomes what it is without, whatever it is asked for in between', () => {
    fc.assert(
      fc.property(options, steps, (given, todo) => {
        liveTogether(given, todo, false, (guest) => Guest.restore(given, guest.snapshot()));
      }),
      { numRuns: 12 },
    );
  }, 60_000);
});

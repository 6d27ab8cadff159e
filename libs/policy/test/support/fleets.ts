/** Random hosts and parameters, rude ones included: nothing free, no shares, limits that touch, silence, odd bytes. */
import fc from 'fast-check';
import { GIB, MIB } from '#units';
import type { Policy } from '../../src/model/policy.js';
import type { ParameterDescription, ParameterValues } from '../../src/model/parameters.js';
import type { GuestStats, GuestView, HostView } from '../../src/model/view.js';

export const TIME_MS = 10_000_000;

const ratio = fc.oneof(fc.constantFrom(0, 0.05, 1), fc.double({ min: 0, max: 1, noNaN: true }));
const part = (whole: number): fc.Arbitrary<number> => ratio.map((share) => Math.floor(share * whole));
const assigned = fc.oneof(
  fc.integer({ min: 1, max: 64 }).map((count) => count * 256 * MIB),
  fc.integer({ min: 0, max: 16 * GIB }),
);
const pressure = fc.record({ some10: ratio, some60: ratio, full10: ratio, full60: ratio });
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 4 });
const sometimes = (arbitrary: fc.Arbitrary<number>): fc.Arbitrary<number | null> =>
  fc.option(arbitrary, { nil: null, freq: 1 });
const recent = fc.integer({ min: TIME_MS - 100_000, max: TIME_MS });

function guestStats(size: number): fc.Arbitrary<GuestStats> {
  return fc.record({
    ageMs: fc.constantFrom(0, 1000, 59_999, 60_000, 60_001, 1e9),
    freeBytes: maybe(part(size)),
    availableBytes: maybe(part(size)),
    totalBytes: maybe(fc.constant(size)),
    usedBytes: maybe(part(size)),
    cachedBytes: maybe(part(size)),
    pressure: maybe(pressure),
    idleRatio: maybe(ratio),
    unusableIndex9: maybe(ratio),
    lowWatermarkBytes: maybe(part(size / 50)),
  });
}

/** Limits, balloon and residence within what such a guest can have; the present size may be outside its limits. */
function guest(id: string): fc.Arbitrary<GuestView> {
  return assigned.chain((assignedBytes) =>
    fc
      .tuple(part(assignedBytes), part(assignedBytes), part(assignedBytes), part(assignedBytes), ratio)
      .chain(([one, other, balloonTargetBytes, balloonActualBytes, resident]) =>
        fc.record<GuestView>({
          id: fc.constant(id),
          state: fc.constantFrom('RUNNING', 'RUNNING', 'RUNNING', 'RUNNING', 'PAUSED', 'OOM_KILLED'),
          migrating: fc.constantFrom(false, false, false, false, true),
          assignedBytes: fc.constant(assignedBytes),
          minBytes: fc.constant(Math.min(one, other)),
          maxBytes: fc.constantFrom(Math.max(one, other), assignedBytes, Math.min(one, other)),
          shares: fc.constantFrom(0, 1, 1000, 1000, 1000, 2000, 10_000),
          balloonTargetBytes: fc.constant(balloonTargetBytes),
          balloonActualBytes: fc.constantFrom(balloonActualBytes, balloonTargetBytes),
          residentBytes: fc.constant(Math.floor(resident * (assignedBytes - balloonActualBytes))),
          swappedBytes: fc.constantFrom(0, 0, Math.floor(assignedBytes / 10)),
          stats: fc.option(guestStats(assignedBytes - balloonActualBytes), { nil: null, freq: 8 }),
          stuckSinceMs: sometimes(recent),
          lastMovedMs: sometimes(recent),
          heldUntilMs: sometimes(fc.integer({ min: TIME_MS - 10, max: TIME_MS + 10 })),
          baselineBytes: sometimes(part(assignedBytes)),
          demand: fc.option(
            fc.record({
              stepMs: fc.constantFrom(1000, 300_000),
              usedBytes: fc.array(part(assignedBytes), { maxLength: 20 }),
            }),
            { nil: null },
          ),
          recentMoves: fc.oneof(
            fc.constant([]),
            fc.array(fc.record({ fromBytes: part(assignedBytes), toBytes: part(assignedBytes) }), { maxLength: 6 }),
          ),
        }),
      ),
  );
}

export const fleet: fc.Arbitrary<HostView> = fc
  .tuple(fc.integer({ min: 0, max: 8 }), fc.constantFrom(0, GIB, 16 * GIB, 64 * GIB), ratio, ratio)
  .chain(([count, capacityBytes, used, cache]) => {
    const usedBytes = Math.floor(used * capacityBytes);
    const freeBytes = capacityBytes - usedBytes;
    return fc.record<HostView>({
      timeMs: fc.constant(TIME_MS),
      host: fc.record({
        id: fc.constant('h'),
        capacityBytes: fc.constant(capacityBytes),
        reservedBytes: part(capacityBytes),
        usedBytes: fc.constant(usedBytes),
        freeBytes: fc.constant(freeBytes),
        availableBytes: fc.constantFrom(freeBytes, freeBytes + Math.floor((cache * usedBytes) / 2)),
        swapTotalBytes: part(capacityBytes),
        swapUsedBytes: fc.constant(0),
        pressure,
        state: fc.constantFrom('HIGH', 'SOFT', 'HARD', 'LOW'),
      }),
      guests: fc.tuple(...Array.from({ length: count }, (_, index) => guest(`g${index}`))),
    });
  });

function value(description: ParameterDescription): fc.Arbitrary<ParameterValues[string]> {
  const preset = fc.constant(description.default);
  const { min, max, choices, type } = description;
  if (type === 'BOOLEAN') return fc.boolean();
  if (type === 'CHOICE') return fc.constantFrom(...(choices ?? []));
  const low = min ?? 0;
  const high = Math.min(max ?? 64 * GIB, 64 * GIB);
  if (type === 'INTEGER') return fc.oneof(preset, fc.integer({ min: low, max: Math.min(high, 1000) }));
  return fc.oneof(preset, fc.constantFrom(low, high), fc.double({ min: Math.max(low, -high), max: high, noNaN: true }));
}

const limit = fc.option(
  fc.integer({ min: 0, max: 2048 }).map((count) => count * MIB),
  { nil: null },
);

/** Any parameters that the policy accepts: its defaults, its defaults within limits of step and churn, anything. */
export function parametersOf(policy: Policy): fc.Arbitrary<ParameterValues> {
  const all = fc.record(Object.fromEntries(policy.parameters.map((parameter) => [parameter.name, value(parameter)])));
  const limited = fc.record({ maxStepBytes: limit, maxChurnBytes: limit });
  return fc.oneof(fc.constant({}), limited, all);
}

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  DEFAULT_GUEST_FEATURES,
  KERNEL_PROFILES,
  type GuestCommand,
  type GuestSample,
  type OperationResult,
} from '#contracts';
import { MIB } from '#units';
import { aGuest } from '../../test/members.js';
import { ShardSimulation } from './shard-simulation.js';
import type { SimulatedGuest } from './simulated-guest.js';

const RUNS = { numRuns: 12, seed: fc.sample(fc.nat(), 1)[0]! } as const;
const FIRST_TICK = 100;
const LAST_TICK = 140;

const workloads = fc.oneof(
  fc.constant({ kind: 'IDLE' } as const),
  fc.record({
    kind: fc.constant('TRACE' as const),
    traceId: fc.constant('t'),
    vm: fc.constant('busy'),
    offsetMs: fc.nat(300_000),
  }),
  fc.record({
    kind: fc.constant('SYNTHETIC' as const),
    meanRatio: fc.double({ min: 0, max: 0.8, noNaN: true }),
    swingRatio: fc.double({ min: 0, max: 0.4, noNaN: true }),
    periodMs: fc.integer({ min: 10_000, max: 600_000 }),
  }),
);

const members = fc
  .record({
    mib: fc.constantFrom(128, 256, 512),
    kernelProfile: fc.constantFrom(...KERNEL_PROFILES),
    deflateOnOom: fc.boolean(),
    freePageReporting: fc.boolean(),
    memoryBallooning: fc.integer({ min: 0, max: 7 }).map((draw) => draw > 0),
    balloonCompaction: fc.boolean(),
    workload: workloads,
    seed: fc.nat(0xffffffff),
  })
  .map(({ mib, kernelProfile, workload, seed, ...features }) => ({
    assignedBytes: mib * MIB,
    kernelProfile,
    workload,
    seed,
    features: { ...DEFAULT_GUEST_FEATURES, ...features },
  }));

interface Scene {
  readonly guests: readonly SimulatedGuest[];
  readonly commands: readonly GuestCommand[];
}

const scenes: fc.Arbitrary<Scene> = fc
  .record({
    configurations: fc.array(members, { minLength: 1, maxLength: 3 }),
    asked: fc.array(
      fc.record({
        guest: fc.nat(2),
        tick: fc.integer({ min: FIRST_TICK + 1, max: LAST_TICK }),
        targetRatio: fc.double({ min: 0, max: 1.1, noNaN: true }),
        timeoutMs: fc.option(fc.integer({ min: 0, max: 20_000 })),
        cancels: fc.integer({ min: 0, max: 4 }).map((draw) => draw === 0),
      }),
      { maxLength: 12 },
    ),
  })
  .map(({ configurations, asked }) => {
    const guests = configurations.map((configuration, at) => aGuest(`guest-${at}`, configuration));
    const sorted = [...asked].sort((one, other) => one.tick - other.tick);
    const commands = sorted.map(({ guest, tick, targetRatio, timeoutMs, cancels }, at): GuestCommand => {
      const member = guests[guest % guests.length]!;
      const place = { guestId: member.guestId, tick };
      if (cancels) return { kind: 'CANCEL', ...place, operationId: `op-${Math.max(0, at - 1)}` };
      const targetBytes = Math.floor(member.configuration.assignedBytes * targetRatio);
      return { kind: 'SET_BALLOON_TARGET', ...place, operationId: `op-${at}`, targetBytes, timeoutMs };
    });
    return { guests, commands };
  });

interface Told {
  readonly samples: GuestSample[];
  readonly results: OperationResult[];
  readonly digests: readonly string[];
}

/** Runs the scene in steps that end at `stops`; after each, `between` may put another simulation in its place. */
function play(
  { guests, commands }: Scene,
  stops: readonly number[],
  between: (simulation: ShardSimulation) => ShardSimulation = (simulation) => simulation,
): Told {
  let simulation = new ShardSimulation();
  const samples = guests.map((guest) => simulation.boot(guest, FIRST_TICK));
  const results: OperationResult[] = [];
  let fromTick = FIRST_TICK;
  for (const toTick of [...stops, LAST_TICK]) {
    if (toTick <= fromTick) continue;
    const due = commands.filter((command) => command.tick > fromTick && command.tick <= toTick);
    const told = simulation.advance(fromTick, toTick, due);
    samples.push(...told.samples);
    results.push(...told.results);
    simulation = between(simulation);
    fromTick = toTick;
  }
  const order = (one: { tick: number; guestId: string }, other: { tick: number; guestId: string }): number =>
    one.tick - other.tick || (one.guestId < other.guestId ? -1 : one.guestId > other.guestId ? 1 : 0);
  samples.sort(order);
  results.sort(order);
  return { samples, results, digests: guests.map(({ guestId }) => simulation.snapshot(guestId).digest) };
}

/** A line for each thing told: quick to compare. */
function asText({ samples, results, digests }: Told): string[] {
  return [...samples, ...results, ...digests].map((told) => JSON.stringify(told));
}

const everyTick = Array.from({ length: LAST_TICK - FIRST_TICK }, (_, at) => FIRST_TICK + 1 + at);

describe(`a shard of guests (seed ${RUNS.seed})`, () => {
  const check = (property: fc.IPropertyWithHooks<[Scene, number[]]>): void => {
    fc.assert(property, RUNS);
  };
  const stops = fc
    .array(fc.integer({ min: FIRST_TICK + 1, max: LAST_TICK - 1 }), { maxLength: 4 })
    .map((ticks) => ticks.sort((one, other) => one - other));

  it('tells and becomes the same whether it runs in one go, in some steps or tick by tick', () => {
    check(
      fc.property(scenes, stops, (scene, ticks) => {
        const whole = asText(play(scene, []));
        expect(asText(play(scene, ticks))).toEqual(whole);
        expect(asText(play(scene, everyTick))).toEqual(whole);
      }),
    );
  });

  it('tells and becomes the same when every guest is frozen and brought back in between', () => {
    check(
      fc.property(scenes, stops, (scene, ticks) => {
        const thawed = (simulation: ShardSimulation): ShardSimulation => {
          const next = new ShardSimulation();
          for (const guest of scene.guests) {
            const { tick, digest, bytes } = simulation.snapshot(guest.guestId);
            expect(next.restore(guest, bytes)).toEqual({ tick, digest });
          }
          return next;
        };
        expect(asText(play(scene, ticks, thawed))).toEqual(asText(play(scene, [])));
      }),
    );
  });

  it('ends each operation at most once, with figures that add up, and samples the guest when it does', () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const { samples, results } = play(scene, []);
        const asked = new Map(
          scene.commands.flatMap((command) =>
            command.kind === 'SET_BALLOON_TARGET' ? [[command.operationId, command] as const] : [],
          ),
        );
        expect(new Set(results.map((result) => result.operationId)).size).toBe(results.length);
        for (const result of results) {
          const command = asked.get(result.operationId)!;
          const target = Math.floor(command.targetBytes / 4096) * 4096;
          expect(result.deficitBytes).toBe(Math.abs(target - (result.achievedBytes ?? Number.NaN)));
          if (result.outcome === 'REACHED') expect(result.deficitBytes).toBe(0);
          expect(result.tick).toBeGreaterThanOrEqual(command.tick);
          expect(samples.some((sample) => sample.guestId === result.guestId && sample.tick === result.tick)).toBe(true);
        }
        for (const sample of samples) expectSound(sample);
      }),
      RUNS,
    );
  });
});

function expectSound({ values, zones, vmstat, isolatedPages }: GuestSample): void {
  const counter = new Map(vmstat);
  const held = (counter.get('balloon_inflate') ?? 0) - (counter.get('balloon_deflate') ?? 0);
  expect(isolatedPages).toBe(0);
  // The driver tells the host after the pages moved: at most one request lies between.
  expect(Math.abs(held - values.balloonActualBytes / 4096)).toBeLessThanOrEqual(256);
  expect(values.freeBytes / 4096).toBe(zones.reduce((sum, zone) => sum + zone.freePages, 0));
  expect(values.totalBytes).toBeGreaterThanOrEqual(values.usedBytes);
  for (const value of Object.values(values)) expect(value).toBeGreaterThanOrEqual(0);
}

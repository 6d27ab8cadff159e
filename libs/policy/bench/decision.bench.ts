/**
 * How long a decision takes, and how that grows with the fleet. Built and run from the project's folder:
 *   npx swc libs -d dist && node dist/libs/policy/bench/decision.bench.js
 * Limits: 20 ms for 1,000 guests; growth from 4,000 to 16,000 guests at most that of n log n, with half to spare for the
 * collector of garbage. The exit code says whether they hold. Growth is measured in one process, the sizes taking turns;
 * both are larger than the caches, so that only the algorithm differs.
 */
import { GIB, MIB, RandomStream } from '#units';
import type { JsonValue } from '../src/model/json.js';
import type { Policy } from '../src/model/policy.js';
import type { GuestView, HostView } from '../src/model/view.js';
import { POLICIES } from '../src/registry.js';

const LIMIT_GUESTS = 1000;
const LIMIT_MS = 20;
const SMALL = 4000;
const LARGE = 16_000;
const NOISE = 1.5;
const ROUNDS = 15;
const HISTORY = 288;

/** A host at an overcommit ratio of 2 with `count` guests, all with statistics and a day of history. */
function fleet(count: number, seed: number): HostView {
  const random = RandomStream.of(seed, 'bench');
  const guests = Array.from({ length: count }, (_, index) => guest(`g${index}`, random));
  const capacityBytes = guests.reduce((sum, { assignedBytes }) => sum + assignedBytes, 0) / 2;
  const availableBytes = Math.floor(capacityBytes * 0.03);
  const calm = { some10: 0, some60: 0, full10: 0, full60: 0 };
  const host = {
    id: 'h',
    capacityBytes,
    reservedBytes: 0,
    usedBytes: capacityBytes - availableBytes,
    freeBytes: availableBytes,
  };
  return {
    timeMs: 1e9,
    host: { ...host, availableBytes, swapTotalBytes: 0, swapUsedBytes: 0, pressure: calm, state: 'SOFT' },
    guests,
  };
}

function guest(id: string, random: RandomStream): GuestView {
  const assignedBytes = (1 + random.nextBelow(16)) * GIB;
  const balloonTargetBytes = random.nextBelow(assignedBytes / MIB / 2) * MIB;
  const size = assignedBytes - balloonTargetBytes;
  const used = Math.floor(size * (0.1 + 0.7 * random.nextFloat()));
  const cachedBytes = Math.floor((size - used) * random.nextFloat());
  return {
    id,
    state: 'RUNNING',
    migrating: false,
    assignedBytes,
    minBytes: assignedBytes / 4,
    maxBytes: assignedBytes,
    shares: 500 + random.nextBelow(1000),
    balloonTargetBytes,
    balloonActualBytes: balloonTargetBytes,
    residentBytes: used + cachedBytes,
    swappedBytes: 0,
    stats: {
      ageMs: 1000,
      freeBytes: size - used - cachedBytes,
      availableBytes: size - used,
      totalBytes: size,
      usedBytes: used,
      cachedBytes,
      idleRatio: random.nextFloat(),
      unusableIndex9: random.nextFloat(),
      pressure: { some10: random.nextFloat() < 0.05 ? 0.2 : 0, some60: 0, full10: 0, full60: 0 },
    },
    stuckSinceMs: null,
    lastMovedMs: null,
    heldUntilMs: null,
    baselineBytes: null,
    recentMoves: [],
    demand: {
      stepMs: 300_000,
      usedBytes: Array.from({ length: HISTORY }, () => Math.floor(used * (0.5 + random.nextFloat()))),
    },
  };
}

/** Milliseconds of processor time (what others do on the machine does not count) of `repeats` decisions that remember. */
function timeBatch(policy: Policy, view: HostView, memory: JsonValue, repeats: number): number {
  const start = process.cpuUsage();
  for (let repeat = 0; repeat < repeats; repeat++) {
    const plan = policy.plan(view, {}, memory);
    if (plan.guests.length + plan.untouched.length !== view.guests.length) throw new Error('a plan lost guests');
  }
  return process.cpuUsage(start).user / 1000;
}

const sizes = [LIMIT_GUESTS, SMALL, LARGE] as const;
const views = new Map(sizes.map((count) => [count, fleet(count, 1)]));
const allowedGrowth = ((LARGE * Math.log2(LARGE)) / (SMALL * Math.log2(SMALL))) * NOISE;

/** Milliseconds of a decision for each size: as many guests in all for each, the sizes taking turns in alternating order. */
function measure(policy: Policy): Map<number, number> {
  const memories = new Map([...views].map(([count, view]) => [count, policy.plan(view).memory]));
  const total = new Map<number, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [count, view] of round % 2 === 0 ? views : [...views].reverse()) {
      const batchMs = timeBatch(policy, view, memories.get(count) ?? null, LARGE / count);
      total.set(count, (total.get(count) ?? 0) + batchMs);
    }
  }
  return new Map([...total].map(([count, ms]) => [count, ms / ROUNDS / (LARGE / count)]));
}

let isWithin = true;
console.log(
  `decision of ${LIMIT_GUESTS} guests ≤ ${LIMIT_MS} ms; ${SMALL} to ${LARGE} guests ≤ ${allowedGrowth.toFixed(1)} ×`,
);
for (const policy of POLICIES.filter(({ name }) => name !== 'none')) {
  const times = measure(policy);
  const limitMs = times.get(LIMIT_GUESTS) ?? NaN;
  const growth = (times.get(LARGE) ?? NaN) / (times.get(SMALL) ?? NaN);
  const holds = limitMs <= LIMIT_MS && growth <= allowedGrowth;
  isWithin &&= holds;
  console.log(
    `${policy.name.padEnd(12)} ${limitMs.toFixed(2).padStart(7)} ms  × ${growth.toFixed(1).padStart(5)}  ${holds ? 'ok' : 'TOO SLOW'}`,
  );
}
process.exitCode = isWithin ? 0 : 1;

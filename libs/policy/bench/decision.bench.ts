/**
 * How long a decision takes, and how that grows with the fleet. Built and run from the project's folder:
 *   npx swc libs -d dist && node dist/libs/policy/bench/decision.bench.js
 * Limits: 20 ms for 1,000 guests; growth from 1,000 to 8,000 guests at most that of n log n, with a quarter to spare for
 * noise. The exit code says whether they hold. Growth is measured in one process, the two sizes taking turns.
 */
import { GIB, MIB, RandomStream } from '#units';
import type { JsonValue } from '../src/model/json.js';
import type { Policy } from '../src/model/policy.js';
import type { GuestView, HostView } from '../src/model/view.js';
import { POLICIES } from '../src/registry.js';

const SMALL = 1000;
const LARGE = 8000;
const ROUNDS = 15;
const LIMIT_MS = 20;
const NOISE = 1.25;
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
    demand: {
      stepMs: 300_000,
      usedBytes: Array.from({ length: HISTORY }, () => Math.floor(used * (0.5 + random.nextFloat()))),
    },
  };
}

/** Milliseconds of one decision that remembers the one before. */
function timeOnce(policy: Policy, view: HostView, memory: JsonValue): number {
  const startMs = performance.now();
  const plan = policy.plan(view, {}, memory);
  const elapsedMs = performance.now() - startMs;
  if (plan.guests.length + plan.untouched.length !== view.guests.length) throw new Error('a plan lost guests');
  return elapsedMs;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

const small = fleet(SMALL, 1);
const large = fleet(LARGE, 1);
const allowedGrowth = ((LARGE * Math.log2(LARGE)) / (SMALL * Math.log2(SMALL))) * NOISE;
let isWithin = true;
console.log(`decision of ${SMALL} guests ≤ ${LIMIT_MS} ms; growth to ${LARGE} guests ≤ ${allowedGrowth.toFixed(1)} ×`);
for (const policy of POLICIES) {
  const memory = { small: policy.plan(small).memory, large: policy.plan(large).memory };
  const times = { small: [] as number[], large: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? (['small', 'large'] as const) : (['large', 'small'] as const);
    for (const which of order) times[which].push(timeOnce(policy, which === 'small' ? small : large, memory[which]));
  }
  const smallMs = median(times.small);
  const growth = median(times.large) / smallMs;
  // Below a tenth of a millisecond the clock says more than the code.
  const holds = smallMs <= LIMIT_MS && (growth <= allowedGrowth || smallMs < 0.1);
  isWithin &&= holds;
  console.log(
    `${policy.name.padEnd(12)} ${smallMs.toFixed(2).padStart(7)} ms  × ${growth.toFixed(1).padStart(5)}  ${holds ? 'ok' : 'TOO SLOW'}`,
  );
}
process.exitCode = isWithin ? 0 : 1;

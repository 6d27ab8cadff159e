/**
 * What a fleet costs: boots the demo fleet on its traces, sets its balloons, and runs it; then many idle guests of 4 GiB.
 * Prints one JSON line. Run it from the project's root, built: node dist/libs/simulation/bench/fleet.bench.js
 *
 *   demoBootMs, demoRssMib            24 guests, 247 GiB of them
 *   demoTicksPerSec                   guest-ticks a second over ten simulated minutes, sampled as in life
 *   demoSnapshotMs, demoSnapshotMib   all 24
 *   idleBootMs, idleRssMib            1000 guests of 4 GiB
 *   idleTickUs, syntheticTickUs       per guest and tick, sampled every fifth tick
 */
import { readFileSync } from 'node:fs';
import { DEFAULT_GUEST_FEATURES, type GuestConfiguration, type TraceSeries, type WorkloadSpec } from '#contracts';
import { GIB, MIB } from '#units';
import { demoFleet } from '../src/fleet/demo-fleet.js';
import { ShardSimulation } from '../src/fleet/shard-simulation.js';
import { readTrace } from '../src/trace/read-trace.js';

const DEMO_TICKS = 600;
const MANY_GUESTS = 1000;
const MANY_TICKS = 60;

const figures: Record<string, number> = {};

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function rssMib(): number {
  return Math.round(process.memoryUsage().rss / MIB);
}

function configure(assignedBytes: number, workload: WorkloadSpec, seed: number): GuestConfiguration {
  return { assignedBytes, kernelProfile: '6.12', numaNodes: 1, features: DEFAULT_GUEST_FEATURES, workload, seed };
}

function runDemo(): void {
  const { trace, guests } = demoFleet();
  const reading = readTrace(
    trace.format,
    trace.files.map((name) => ({ name, chunks: [readFileSync(name, 'utf8')] })),
  );
  if (reading.outcome === 'REJECTED') throw new Error(JSON.stringify(reading.problems));
  const series = new Map<string, TraceSeries>(reading.series.map((one) => [one.vm, one]));
  const simulation = new ShardSimulation();
  const before = rssMib();
  figures['demoBootMs'] = timed(() => {
    for (const { name, assignedBytes, workload, seed } of guests) {
      const configuration = configure(assignedBytes, { ...workload, traceId: 'demo' }, seed);
      simulation.boot({ guestId: name, configuration, series: series.get(workload.vm) ?? null }, 0);
    }
  });
  const commands = guests.map(({ name, balloonTargetBytes }) => {
    const target = { operationId: name, targetBytes: balloonTargetBytes, timeoutMs: null };
    return { kind: 'SET_BALLOON_TARGET' as const, guestId: name, tick: 1, ...target };
  });
  const inflateMs = timed(() => simulation.advance(0, 30, commands));
  figures['demoInflateMs'] = inflateMs;
  const runMs = timed(() => simulation.advance(30, 30 + DEMO_TICKS, []));
  figures['demoTicksPerSec'] = (guests.length * DEMO_TICKS) / (runMs / 1000);
  figures['demoRssMib'] = rssMib() - before;
  let bytes = 0;
  figures['demoSnapshotMs'] = timed(() => {
    for (const { name } of guests) bytes += simulation.snapshot(name).bytes.length;
  });
  figures['demoSnapshotMib'] = bytes / MIB;
}

function runMany(name: string, workload: WorkloadSpec, count: number): void {
  const simulation = new ShardSimulation();
  const before = rssMib();
  figures[`${name}BootMs`] = timed(() => {
    for (let guest = 0; guest < count; guest++) {
      simulation.boot({ guestId: `${guest}`, configuration: configure(4 * GIB, workload, guest), series: null }, 0);
    }
  });
  const runMs = timed(() => simulation.advance(0, MANY_TICKS, []));
  figures[`${name}TickUs`] = (runMs * 1000) / (count * MANY_TICKS);
  figures[`${name}RssMib`] = rssMib() - before;
}

runDemo();
runMany('idle', { kind: 'IDLE' }, MANY_GUESTS);
runMany('synthetic', { kind: 'SYNTHETIC', meanRatio: 0.4, swingRatio: 0.2, periodMs: 3_600_000 }, MANY_GUESTS / 10);
process.stdout.write(`${JSON.stringify(figures)}\n`);

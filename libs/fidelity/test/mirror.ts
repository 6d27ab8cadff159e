/** A replay that agrees with its recording in all that is compared: what a judge must hold, and see a deviation planted in. */
import type { ObservedSettings, Observation, ObservedZone } from '../src/observe.js';
import type { RecordedSnapshot, RecordedStep, Recording } from '../src/recording.js';
import type { Replay, ReplayedStep, StepAnswer } from '../src/replay.js';

const KB_PER_PAGE = 4;
const PAGE_BYTES = 4096;
const PAGES_PER_MIB = 256;
const EINTR = 4;

/** Everything may be changed: the spec plants its deviations here. */
export type Mutable<T> = T extends object ? { -readonly [Key in keyof T]: Mutable<T[Key]> } : T;

export function mirrorOf(recording: Recording): Mutable<Replay> {
  const { boot } = recording;
  let last: Observation = observationOf(recording, boot.snapshot);
  const steps = recording.steps.map((step, index): ReplayedStep => {
    if (step.after != null) last = observationOf(recording, step.after);
    return {
      index,
      op: step.op,
      args: step.args,
      isDone: true,
      observed: structuredClone({ ...last, hasPanicked: step.guest_died === true }),
      compaction: [],
      devicePfns: framesOf(step),
      answer: answerOf(step),
    };
  });
  return {
    boot: observationOf(recording, boot.snapshot),
    settings: settingsOf(recording),
    steps,
  } as unknown as Mutable<Replay>;
}

function observationOf(recording: Recording, snapshot: RecordedSnapshot): Observation {
  const { vmstat, meminfo, zoneinfo, host } = snapshot;
  const sets = Object.values(zoneinfo).flatMap(({ pagesets }) => pagesets);
  return {
    totalPages: (meminfo['MemTotal'] ?? 0) / KB_PER_PAGE,
    freePages: vmstat['nr_free_pages'] ?? 0,
    perCpuPages: sets.reduce((sum, { count }) => sum + count, 0),
    availablePages: (meminfo['MemAvailable'] ?? 0) / KB_PER_PAGE,
    residentPages: (host?.['guest_ram_Rss_kB'] ?? 0) / KB_PER_PAGE,
    balloonPages: recording.ram_mib * PAGES_PER_MIB - snapshot.qmp_actual / PAGE_BYTES,
    hasPanicked: false,
    zones: Object.keys(zoneinfo).map((name) => zoneOf(name, snapshot)),
    vmstat: { ...vmstat },
  };
}

function zoneOf(name: string, { zoneinfo, buddyinfo, unusable_index: unusable }: RecordedSnapshot): ObservedZone {
  const zone = zoneinfo[name];
  if (zone === undefined) throw new RangeError(`no zone ${name}`);
  return {
    name,
    node: Number(/^N(\d+)/.exec(name)?.[1] ?? 0),
    managedPages: zone.managed,
    presentPages: zone.present,
    freePages: zone.free,
    minPages: zone.min,
    lowPages: zone.low,
    highPages: zone.high,
    boostPages: zone.boost,
    freeBlocks: [...(buddyinfo[name] ?? [])],
    unusableRatio: [...(unusable?.[name] ?? [])],
  };
}

function settingsOf({ boot: { info, snapshot } }: Recording): ObservedSettings {
  return {
    minFreeKb: Number(info['min_free_kbytes']),
    zones: Object.fromEntries(
      Object.entries(snapshot.zoneinfo).map(([name, { protection, pagesets }]) => [
        name,
        { protection: [...protection], batchPages: pagesets[0]?.batch ?? 0 },
      ]),
    ),
  };
}

function answerOf({ op, rc, got, result }: RecordedStep): StepAnswer {
  const written = typeof result === 'string' ? /write=(-?\d+)/.exec(result)?.[1] : undefined;
  const errno = rc ?? Number(written);
  return {
    ...(op.startsWith('memblock') ? { errno: errno === -9999 ? -EINTR : errno } : {}),
    ...(got === undefined ? {} : { hugePages: got }),
    ...(op === 'worker' && typeof result === 'string' ? { wasKilled: result.startsWith('died') } : {}),
  };
}

/** The recorded frames; where only the first are listed, as many runs up, runs down and single frames as were counted. */
function framesOf({ qemu_trace: trace }: RecordedStep): number[] {
  const {
    n = 0,
    ascending_pages: up = 0,
    descending_pages: down = 0,
    runs_start_len_step: runs = [],
  } = trace?.pfns ?? {};
  const listed = runs.flatMap(([start = 0, length = 0, step = 0]) =>
    Array.from({ length }, (_, at) => start + at * step),
  );
  if (listed.length >= n) return listed;
  const ascending = Array.from({ length: up }, (_, at) => at);
  const descending = Array.from({ length: down }, (_, at) => 10_000_000 - at);
  const single = Array.from({ length: n - up - down }, (_, at) => 20_000_000 + at * 5);
  return [...ascending, ...descending, ...single];
}

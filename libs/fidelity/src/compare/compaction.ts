/** What compaction moves and makes of the holes it finds: hashed ones, periodic ones, and on its own. */
import { oneCompactions } from '../one-compaction.js';
import type { Replay } from '../replay.js';
import {
  changeOf,
  commandOf,
  runOf,
  sumOf,
  type Change,
  type Metric,
  type Moment,
  type Pair,
  type Run,
} from './metric.js';

export const COMPACTION_METRICS: readonly Metric[] = [
  {
    name: 'free blocks of order ≥ 9 after a manual compaction',
    unit: 'blocks',
    requiredRatio: 0.9,
    bound: '10 % or 8 blocks',
    pairs: (run) => hashed(run).map((moment) => ({ step: moment.index, of: '', ...blocksPair(moment) })),
  },
  {
    name: 'pages migrated and isolated by a compaction of hashed holes',
    unit: 'pages',
    bound: '15 %, or 1 % of RAM (isolated: 2 %)',
    pairs: (run) =>
      hashed(run).flatMap((moment) =>
        MOVED.map((of) => ({ step: moment.index, of, ...movedPair(run, of, changeOf(moment, of)) })),
      ),
  },
  {
    name: 'the same, summed over the run',
    unit: 'pages',
    bound: '5 %',
    pairs: overTheRun,
  },
  {
    name: 'compaction of periodic holes, near one of 16 offsets',
    unit: 'compactions',
    requiredRatio: 24 / 33,
    isOverAll: true,
    bound: 'blocks within 10 % or 8, pages migrated within 15 % or 1 % of RAM, at one of the offsets; 24 of 33',
    pairs: nearOneOffset,
  },
  {
    name: 'one compaction from the recorded map',
    unit: 'counters and events',
    requiredRatio: 12 / 18,
    isOverAll: true,
    bound: 'every counter and tracepoint equal; 12 of 18',
    pairs: (run) => (isHashedBefore6_7(run) ? [] : oneByOne(run)),
  },
  {
    name: 'one compaction of hashed holes from the recorded map, before 6.7',
    unit: 'counters and events',
    isOverAll: true,
    bound:
      'every counter and tracepoint equal, each time; but the count of frames that the migration scanner saw, as no map shows the orders of slab pages',
    pairs: (run) => (isHashedBefore6_7(run) ? oneByOne(run) : []),
  },
  {
    name: 'pages moved by proactive compaction',
    unit: 'pages',
    bound: '15 %',
    pairs: (run) =>
      proactive(run).map(({ last, all }) => {
        const sum = sumOf(all.map((moment) => changeOf(moment, 'pgmigrate_success')));
        return { step: last.index, of: '', ...sum, bound: sum.recorded * 0.15 };
      }),
  },
  {
    name: 'unusable index after proactive compaction',
    unit: 'ratio',
    bound: '0.1',
    pairs: (run) => proactive(run).flatMap(({ last }) => unusableOf(last)),
  },
];

const MOVED = ['balloon_migrate', 'pgmigrate_success', 'compact_isolated'] as const;
/** Orders ≥ this are what manual compaction is for; proactive compaction looks at this one. */
const LARGE_ORDER = 9;
/** A zone's unusable index says something only where so much of it is free. */
const FREE_RATIO = 0.1;
/** One page decides what a scanner that samples holes of a period sees. */
const OFFSETS = 16;

function hashed(run: Run): Moment[] {
  return isHashed(run) ? compactions(run) : [];
}

function overTheRun(run: Run): Pair[] {
  const moments = hashed(run);
  if (moments.length === 0) return [];
  return MOVED.map((of) => {
    const sum = sumOf(moments.map((moment) => changeOf(moment, of)));
    return { step: run.replay.steps.length, of, ...sum, bound: sum.recorded * 0.05 };
  });
}

function compactions({ moments }: Pick<Run, 'moments'>): Moment[] {
  return moments.filter(({ recorded }) => recorded.op === 'compact_memory');
}

function isHashed({ recording: { steps } }: Run): boolean {
  return steps.some((step) => commandOf(step).startsWith('rpunch'));
}

function isHashedBefore6_7(run: Run): boolean {
  return isHashed(run) && /^(5\.|6\.[0-6]\.)/.test(run.recording.kernel);
}

function blocksPair({ after, observed }: Moment): Omit<Pair, 'step' | 'of'> {
  const recorded = Object.values(after.buddyinfo).reduce((sum, counts) => sum + large(counts), 0);
  const simulated = observed.zones.reduce((sum, { freeBlocks }) => sum + large(freeBlocks), 0);
  return { recorded, simulated, bound: Math.max(8, recorded * 0.1) };
}

function large(counts: readonly number[]): number {
  return counts.slice(LARGE_ORDER).reduce((sum, count) => sum + count, 0);
}

function movedPair({ ramPages }: Run, counter: string, change: Change): Omit<Pair, 'step' | 'of'> {
  const floor = ramPages * (counter === 'compact_isolated' ? 0.02 : 0.01);
  return { ...change, bound: Math.max(change.recorded * 0.15, floor) };
}

/** Recorded and simulated: 1 when the compaction went as recorded at one offset. */
function nearOneOffset(run: Run): Pair[] {
  if (isHashed(run) || !run.recording.steps.some((step) => commandOf(step).startsWith('punch'))) return [];
  const punched = run.recording.steps.findIndex((step) => commandOf(step).startsWith('punch'));
  const indexes = compactions(run)
    .map(({ index }) => index)
    .filter((index) => index > punched);
  const near = new Set(nearIn(run, run.replay));
  for (let offset = 1; offset < OFFSETS && near.size < indexes.length; offset++) {
    for (const index of nearIn(run, run.replayAt(offset))) near.add(index);
  }
  return indexes.map((step) => ({ step, of: '', recorded: 1, simulated: near.has(step) ? 1 : 0, bound: 0 }));
}

/** Steps whose compaction went as recorded in this replay. */
function nearIn(run: Run, replay: Replay): number[] {
  const moments = compactions(runOf(run.recording, replay));
  const isNear = ({ recorded, simulated, bound }: Omit<Pair, 'step' | 'of'>): boolean =>
    Math.abs(simulated - recorded) <= bound;
  return moments
    .filter(
      (moment) =>
        isNear(blocksPair(moment)) &&
        isNear(movedPair(run, 'pgmigrate_success', changeOf(moment, 'pgmigrate_success'))),
    )
    .map(({ index }) => index);
}

function oneByOne(run: Run): Pair[] {
  if (!run.recording.steps.some(({ compaction_trace: trace }) => trace !== undefined)) return [];
  const isUncounted = isHashedBefore6_7(run);
  return oneCompactions(run.recording).map(({ step, counters, events }) => {
    const compared = counters.filter(({ name }) => !isUncounted || name !== 'compact_migrate_scanned');
    const equal = compared.filter(({ recorded, simulated }) => recorded === simulated).length;
    const recorded = compared.length + Math.max(events.recorded, events.simulated);
    const equalEvents = isUncounted ? events.equalButCounted : events.equal;
    return { step, of: '', recorded, simulated: equal + equalEvents, bound: 0 };
  });
}

/** A write or a punch, and the time that the guest was watched after it. */
function proactive({ recording: { steps }, moments }: Run): { last: Moment; all: Moment[] }[] {
  if (!steps.some(({ args }) => String(args['path']).endsWith('compaction_proactiveness'))) return [];
  const groups: { last: Moment; all: Moment[] }[] = [];
  moments.forEach((last, at) => {
    if (last.recorded.op !== 'series' || moments[at + 1]?.recorded.op === 'series') return;
    const first = moments.slice(0, at).findLastIndex(({ recorded }) => recorded.op !== 'series');
    groups.push({ last, all: moments.slice(first, at + 1) });
  });
  return groups;
}

function unusableOf({ index, after, observed }: Moment): Pair[] {
  return observed.zones.flatMap(({ name, unusableRatio }) => {
    const recorded = after.unusable_index?.[name]?.[LARGE_ORDER];
    const { free = 0, managed = 0 } = after.zoneinfo[name] ?? {};
    if (recorded === undefined || free <= managed * FREE_RATIO) return [];
    return [{ step: index, of: name, recorded, simulated: unusableRatio[LARGE_ORDER] ?? 0, bound: 0.1 }];
  });
}

/** Each metric holds for a replay that is as recorded, and does not for one with a deviation beyond its bound. */
import { describe, expect, it } from '@jest/globals';
import { METRICS } from '../src/compare.js';
import { compare, overallVerdicts, verdicts, type Recording, type Replay, type Verdict } from '../src/index.js';
import { mirrorOf, type Mutable } from './mirror.js';
import { readRecording } from './recorded.js';

interface Case {
  readonly recording: Mutable<Recording>;
  readonly replay: Mutable<Replay>;
}

type Plant = (run: Case) => void;
type Step = Mutable<Replay>['steps'][number];

const at =
  (index: number, change: (step: Step) => void): Plant =>
  ({ replay }) => {
    for (const step of replay.steps.filter((one) => one.index === index)) change(step);
  };
const everywhere =
  (change: (step: Step) => void): Plant =>
  ({ replay }) => {
    for (const step of replay.steps) change(step);
  };
/** From a step on: a counter keeps what it was given too much. */
const counted =
  (index: number, counter: string, by: number): Plant =>
  ({ replay }) => {
    for (const { observed } of replay.steps.slice(index))
      observed.vmstat[counter] = (observed.vmstat[counter] ?? 0) + by;
  };

/** The metric, a recording of its kind, and what is planted. */
const CASES: readonly (readonly [metric: string, recording: string, plant: Plant])[] = [
  [
    'balloon pages of a target that was reached',
    'inflate-deflate-256-6.12',
    at(2, ({ observed }) => observed.balloonPages++),
  ],
  ['balloon_inflate and balloon_deflate of such a step', 'inflate-deflate-256-6.12', counted(2, 'balloon_inflate', 1)],
  ['MemTotal after each step', 'inflate-deflate-256-6.12', at(5, ({ observed }) => observed.totalPages--)],
  [
    'balloon pages obtained when more is asked',
    'inflate-past-free-plain-256-6.12',
    at(3, ({ observed }) => (observed.balloonPages += 656)),
  ],
  [
    'frames in the order the device saw them',
    'inflate-deflate-256-6.12',
    everywhere((step) => (step.devicePfns = step.devicePfns.filter((pfn) => pfn % 12 !== 0))),
  ],
  [
    'directions of the frames of fragmented memory',
    'compaction-random-256-6.12',
    everywhere((step) => step.devicePfns.reverse()),
  ],
  [
    'MemTotal, managed pages, watermarks, protection, per-CPU batch and min_free_kbytes at boot',
    'zones-4096-6.12',
    ({ replay }) => replay.settings.minFreeKb++,
  ],
  [
    'MemTotal, managed pages, watermarks, protection, per-CPU batch and min_free_kbytes at boot',
    'zones-4096-6.12',
    ({ replay }) => {
      const zone = replay.settings.zones['Normal'];
      if (zone !== undefined) zone.batchPages = 31;
    },
  ],
  [
    'watermarks after sysctl writes and block changes',
    'watermarks-512-6.12',
    at(5, ({ observed }) => zone(observed, 1).lowPages++),
  ],
  [
    'free pages and pages on per-CPU lists',
    'inflate-deflate-256-6.12',
    at(3, ({ observed }) => (observed.perCpuPages += 328)),
  ],
  ['MemFree', 'inflate-deflate-256-6.12', everywhere(({ observed }) => (observed.freePages += 2000))],
  ['MemFree, always', 'inflate-deflate-256-6.12', at(3, ({ observed }) => (observed.freePages -= 3277))],
  ['MemFree, always', 'inflate-deflate-256-6.1', at(3, ({ observed }) => (observed.freePages -= 656))],
  [
    'unusable index per order',
    'inflate-deflate-256-6.12',
    everywhere(
      ({ observed }) =>
        (zone(observed, 1).unusableRatio = zone(observed, 1).unusableRatio.map((ratio) => ratio + 0.06)),
    ),
  ],
  [
    'unusable index per order, always',
    'inflate-deflate-256-6.12',
    at(1, ({ observed }) => (zone(observed, 1).unusableRatio[9] = 0.9)),
  ],
  [
    'host-resident memory',
    'free-page-reporting-on-512-6.12',
    at(7, ({ observed }) => (observed.residentPages += 13_108)),
  ],
  [
    'when reporting has settled',
    'free-page-reporting-on-512-6.12',
    at(6, ({ observed }) => (observed.residentPages += 40_000)),
  ],
  [
    'free blocks of order ≥ 9 after a manual compaction',
    'compaction-random-256-6.12',
    everywhere(({ observed }) => (zone(observed, 1).freeBlocks[9] = 120)),
  ],
  [
    'pages migrated and isolated by a compaction of hashed holes',
    'compaction-random-256-6.12',
    counted(14, 'balloon_migrate', 3000),
  ],
  ['the same, summed over the run', 'compaction-random-256-6.12', counted(14, 'pgmigrate_success', 9000)],
  [
    'compaction of periodic holes, near one of 16 offsets',
    'compaction-with-balloon-256-6.12',
    everywhere(
      ({ observed, index }) =>
        (observed.vmstat['pgmigrate_success'] = (observed.vmstat['pgmigrate_success'] ?? 0) + index * 2500),
    ),
  ],
  [
    'one compaction from the recorded map',
    'compaction-with-balloon-256-6.12',
    ({ recording }) => recordedAfter(recording, 6, 'compact_isolated'),
  ],
  [
    'one compaction of hashed holes from the recorded map, before 6.7',
    'compaction-random-256-6.1',
    ({ recording }) => recordedAfter(recording, 14, 'pgmigrate_success'),
  ],
  ['pages moved by proactive compaction', 'kcompactd-512-6.12', counted(22, 'pgmigrate_success', 2600)],
  [
    'unusable index after proactive compaction',
    'kcompactd-512-6.12',
    at(9, ({ observed }) => (zone(observed, 1).unusableRatio[9] = 0.3)),
  ],
  ['huge-page faults granted and fallen back', 'thp-pressure-512-6.12', counted(35, 'thp_fault_alloc', 5)],
  ['huge pages of the pool after each request', 'hugetlb-512-6.12', at(12, ({ answer }) => (answer.hugePages = 90))],
  ['pgsteal_file of an inflation', 'pagecache-reclaim-512-6.12', counted(15, 'pgsteal_file', 1800)],
  ['share of it that kswapd took', 'pagecache-reclaim-512-6.12', counted(15, 'pgsteal_direct', 3000)],
  ['MemAvailable', 'pagecache-reclaim-512-6.12', at(15, ({ observed }) => (observed.availablePages += 2622))],
  ['pswpin, pswpout and pgmajfault', 'swap-512-6.12', counted(14, 'pgmajfault', 1700)],
  ['who survives: kills, killed workers, panic', 'oom-deflate-off-256-6.12', counted(3, 'oom_kill', 1)],
  [
    'who survives: kills, killed workers, panic',
    'oom-deflate-off-256-6.12',
    at(3, ({ answer }) => (answer.wasKilled = false)),
  ],
  [
    'who survives: kills, killed workers, panic',
    'inflate-panic-256-6.12',
    at(2, ({ observed }) => (observed.hasPanicked = false)),
  ],
  [
    'pages that a balloon gives back so that nobody is killed',
    'oom-deflate-on-256-6.12',
    counted(3, 'balloon_deflate', 1024),
  ],
  ['errno of taking a block offline or online', 'offline-plain-512-6.12', at(0, ({ answer }) => (answer.errno = -16))],
  ['balloon_migrate of a block of balloon pages', 'offline-movable-1024-6.12', counted(10, 'balloon_migrate', -1)],
  [
    'present pages of the zones after it, and managed ones while the balloon is empty',
    'offline-plain-512-6.12',
    at(1, ({ observed }) => (zone(observed, 1).presentPages += 32_768)),
  ],
  [
    'managed pages of the zones after it while the balloon is inflated',
    'offline-movable-1024-6.12',
    at(10, ({ observed }) => zone(observed, 1).managedPages--),
  ],
  ['balloon pages per node', 'numa-512-6.12', at(3, ({ observed }) => (zone(observed, 2).managedPages -= 1311))],
  ['pages moved by compacting a node or migrating a process', 'numa-512-6.12', counted(47, 'pgmigrate_success', 1500)],
];

function zone(observed: Step['observed'], index: number): Step['observed']['zones'][number] {
  const found = observed.zones[index];
  if (found === undefined) throw new RangeError(`no zone ${index}`);
  return found;
}

function recordedAfter({ steps }: Mutable<Recording>, index: number, counter: string): void {
  const { vmstat = {} } = steps[index]?.after ?? {};
  vmstat[counter] = (vmstat[counter] ?? 0) + 1;
}

function verdictOf(metric: string, name: string, plant: Plant): Verdict {
  const recording = readRecording(name) as Mutable<Recording>;
  const replay = mirrorOf(recording);
  plant({ recording, replay });
  const comparisons = compare(recording, replay, { replayAt: () => replay });
  const found = [...verdicts(comparisons), ...overallVerdicts(comparisons)].find(
    (verdict) => verdict.metric === metric,
  );
  if (found === undefined) throw new RangeError(`${name} has no ${metric}`);
  return found;
}

describe('a metric', () => {
  it('is not there without a planted deviation that it sees', () => {
    expect([...new Set(CASES.map(([metric]) => metric))]).toEqual(METRICS.map(({ name }) => name));
  });

  it.each(CASES)('%s (%s) sees what is planted', (metric, name, plant) => {
    expect(verdictOf(metric, name, () => undefined).holds).toBe(true);
    expect(verdictOf(metric, name, plant).holds).toBe(false);
  });

  it('allows twice what lies between two recordings of a run', () => {
    const metric = 'pswpin, pswpout and pgmajfault';
    const recording = readRecording('swap-512-6.12');
    const replay = mirrorOf(recording);
    counted(29, 'pswpin', 9000)({ recording: recording as Mutable<Recording>, replay });
    const holds = (siblings: readonly Recording[]): boolean | undefined =>
      verdicts(compare(recording, replay as Replay, { siblings })).find((verdict) => verdict.metric === metric)?.holds;
    expect(holds([])).toBe(false);
    expect(holds([readRecording('swap-512-6.12-r2')])).toBe(true);
  });
});

/**
 * What nobody knows well about the workload model, as factors on its constants: 1 is the model as it stands. They bend a guest's
 * table, so that traces and archetypes are bent alike; guests whose trace is memory in use (demand DIRECT) are left alone.
 */
import {
  DEFAULT_MIX,
  MOST_OF_RAM_RATIO,
  READ_AGAIN_RATIO,
  REDRAWN_PER_HOUR,
  StateHash,
  fixedPages,
  processorsOf,
  type AccessMix,
  type Workload,
} from '#guest';
import type { ConstantSource } from '../costs/cost-sources.js';

export const MODEL_SOURCES = {
  hotFactor: {
    meaning:
      'Weight of the hot class in the mixture of classes (default 0.47 of memory), before shares are made to sum to 1.',
    value: 1,
    unit: '×',
    low: 0.6,
    high: 1.5,
    mark: 'GUESS',
    source: 'the mixture is set to two published figures of far memory (ASPLOS 2019), which do not identify it',
  },
  frozenFactor: {
    meaning: 'Weight of the frozen class (default 0.15 of memory), likewise.',
    value: 1,
    unit: '×',
    low: 0.4,
    high: 2.5,
    mark: 'GUESS',
    source: 'as above; cold memory after two minutes is published from 1 to 61 % by cluster',
  },
  gapFactor: {
    meaning: 'On the mean time between two uses of a page, in every class (5 s, 75 s, 30 min, 24 h).',
    value: 1,
    unit: '×',
    low: 0.5,
    high: 2,
    mark: 'GUESS',
    source: 'as above',
  },
  phaseFactor: {
    meaning: 'On how many pages get a class drawn anew: 5 % every six hours.',
    value: 1,
    unit: '×',
    low: 0,
    high: 4,
    mark: 'GUESS',
    source: 'nothing published; frozen pages alone would be used once a day and never become hot',
  },
  footprintFactor: {
    meaning: "On programs' memory. For traces of active memory: 0.61 over the share of it that is touched in a minute.",
    value: 1,
    unit: '×',
    low: 0.76,
    high: 1.53,
    mark: 'GUESS',
    source: 'calibrated to one figure for Azure (Pond, ASPLOS 2023); the share may lie from 0.4 to 0.8',
  },
  cacheGrowthFactor: {
    meaning: 'On the growth of the page cache: share of disk traffic that brings new pages (default 0.3).',
    value: 1,
    unit: '×',
    low: 0.33,
    high: 2.67,
    mark: 'GUESS',
    source: '0.1 for databases with a cache of their own, 0.8 for backups',
  },
  readAgainFactor: {
    meaning: 'On the share of dropped page cache, but for what programs map, that is read again (default 0.3).',
    value: 1,
    unit: '×',
    low: 0.07,
    high: 2.33,
    mark: 'GUESS',
    source: 'backups 0.02, builds 0.6, web servers 0.7',
  },
  hugeFactor: {
    meaning:
      "On the share of programs' memory that they have in huge pages while memory is not broken up (traces 0.3).",
    value: 1,
    unit: '×',
    low: 0,
    high: 2.67,
    mark: 'GUESS',
    source: 'many small processes 0.3, large heaps 0.7 to 0.9, without transparent huge pages 0',
  },
  collapseFactor: {
    meaning:
      'On how fast khugepaged makes huge pages of what fell back to single ones (24 ranges of 2 MiB in 30 s); 0: off.',
    value: 1,
    unit: '×',
    low: 0,
    high: 4,
    mark: 'PUBLISHED',
    source: 'defaults of Linux: 4,096 pages every 10 s, a minute of rest after a failure',
  },
  releaseFactor: {
    meaning: 'On the chance that memory no longer wanted is freed at once (servers 0.2).',
    value: 1,
    unit: '×',
    low: 0.25,
    high: 4,
    mark: 'GUESS',
    source: 'batch jobs 0.9, JVMs 0.1, databases 0.05',
  },
  growthFactor: {
    meaning: "On how fast programs' memory grows: 0.06 GiB/s for each busy processor, one for every 4 GiB of RAM.",
    value: 1,
    unit: '×',
    low: 0.5,
    high: 2.5,
    mark: 'GUESS',
    source:
      'a compiler run reached 0.7 GiB/s on 12 processors (99th percentile); 0.15 GiB/s a processor is a stress case',
  },
  cronFactor: {
    meaning:
      'On the memory of jobs that run by the clock in guests of archetypes (64 MiB at minute 0, 256 MiB once a night; less in small guests).',
    value: 1,
    unit: '×',
    low: 0,
    high: 3,
    mark: 'GUESS',
    source: 'recorded VMs are above their 95th percentile a little more often at 3 to 4 h (GWA-T-12)',
  },
  exitFactor: {
    meaning:
      'On how many programs end by themselves and are replaced (builds: one of four a minute; web servers: all four at a deploy, every 3.5 days).',
    value: 1,
    unit: '×',
    low: 0,
    high: 2,
    mark: 'GUESS',
    source: 'compile jobs last 8 s (median, σ 1); services are deployed about twice a week',
  },
} as const satisfies Readonly<Record<string, ConstantSource>>;

export type ModelFactors = { readonly [Name in keyof typeof MODEL_SOURCES]: number };

export const DEFAULT_MODEL: ModelFactors = {
  hotFactor: 1,
  frozenFactor: 1,
  gapFactor: 1,
  phaseFactor: 1,
  footprintFactor: 1,
  cacheGrowthFactor: 1,
  readAgainFactor: 1,
  hugeFactor: 1,
  collapseFactor: 1,
  releaseFactor: 1,
  growthFactor: 1,
  cronFactor: 1,
  exitFactor: 1,
};

/** The workload of a guest with `ramPages`, bent by the factors; itself when all of them are 1. */
export function underModel(workload: Workload, factors: ModelFactors, ramPages: number): Workload {
  const names = Object.keys(factors) as (keyof ModelFactors)[];
  if (names.every((name) => factors[name] === 1)) return workload;
  const { startsMs, anonPages, jobPages, cachePagesPerTick, loadRatio, mix = DEFAULT_MIX } = workload;
  const most = Math.max(0, MOST_OF_RAM_RATIO * ramPages - fixedPages(ramPages));
  const hash = new StateHash().addText(workload.digest);
  for (const name of names) hash.addText(name).addNumber(factors[name]);
  return {
    startsMs,
    periodMs: workload.periodMs,
    offsetMs: workload.offsetMs,
    anonPages: anonPages.map((pages, row) => {
      const ofJobs = jobPages?.[row] ?? 0;
      const bent = (pages + ofJobs * (factors.cronFactor - 1)) * factors.footprintFactor;
      return Math.min(Math.max(pages, most), bent);
    }),
    ...(jobPages === undefined
      ? {}
      : { jobPages: jobPages.map((pages) => pages * factors.cronFactor * factors.footprintFactor) }),
    cachePagesPerTick: cachePagesPerTick.map((pages) => pages * factors.cacheGrowthFactor),
    bootCachePages: Math.floor(workload.bootCachePages * factors.cacheGrowthFactor),
    readAgainRatio: Math.min(1, (workload.readAgainRatio ?? READ_AGAIN_RATIO) * factors.readAgainFactor),
    hugeRatio: Math.min(1, (workload.hugeRatio ?? 0) * factors.hugeFactor),
    collapseRatio: (workload.collapseRatio ?? 1) * factors.collapseFactor,
    releaseRatio: Math.min(1, workload.releaseRatio * factors.releaseFactor),
    loadRatio: Float64Array.from(startsMs, (_, row) => (loadRatio?.[row] ?? 1) / factors.gapFactor),
    mix: bentMix(mix, factors),
    redrawnPerHour: (workload.redrawnPerHour ?? REDRAWN_PER_HOUR) * factors.phaseFactor,
    processors: (workload.processors ?? processorsOf(ramPages)) * factors.growthFactor,
    ...(workload.exits === undefined ? {} : { exits: workload.exits.map((programs) => programs * factors.exitFactor) }),
    ...(workload.isImmediate === undefined ? {} : { isImmediate: workload.isImmediate }),
    ...(workload.touchedPerMinuteRatio === undefined ? {} : { touchedPerMinuteRatio: workload.touchedPerMinuteRatio }),
    digest: hash.finish(),
  };
}

function bentMix(mix: AccessMix, { hotFactor, frozenFactor }: ModelFactors): AccessMix {
  const hot = mix.hot * hotFactor;
  const frozen = mix.frozen * frozenFactor;
  const all = hot + mix.warm + mix.cool + frozen;
  return { hot: hot / all, warm: mix.warm / all, cool: mix.cool / all, frozen: frozen / all };
}

/** How much is free, in which blocks, and what of it the host keeps. */
import { commandOf, isBalloon, KB_PER_PAGE, type Metric, type Moment, type Pair, type Run } from './metric.js';

export const FREE_METRICS: readonly Metric[] = [
  {
    name: 'free pages and pages on per-CPU lists',
    unit: 'pages',
    bound: '0.5 % of RAM; 2 % from a stuck balloon or an OOM on',
    pairs: ({ moments, ramPages }) =>
      moments.map(({ index, after, observed, isShaken }) => ({
        step: index,
        of: '',
        recorded: freePages(after) + perCpuPages(after),
        simulated: observed.freePages + observed.perCpuPages,
        bound: ramPages * (isShaken ? 0.02 : 0.005),
      })),
  },
  {
    name: 'MemFree',
    unit: 'pages',
    requiredRatio: 0.95,
    bound: '3 % of RAM; 1 % before 6.7',
    pairs: (run) => memFree(run, 0.03),
  },
  {
    name: 'MemFree, always',
    unit: 'pages',
    bound: '5 % of RAM; 1 % before 6.7',
    pairs: (run) => memFree(run, 0.05),
  },
  {
    name: 'unusable index per order',
    unit: 'ratio',
    requiredRatio: 0.9,
    bound: '0.05',
    pairs: (run) => unusable(run, 0.05),
  },
  {
    name: 'unusable index per order, always',
    unit: 'ratio',
    bound: '0.1',
    pairs: (run) => unusable(run, 0.1),
  },
  {
    name: 'host-resident memory',
    unit: 'pages',
    bound: '10 % of RAM',
    pairs: ({ moments, ramPages }) =>
      moments.flatMap((moment) => {
        const recorded = residentPages(moment);
        if (recorded === undefined) return [];
        const { index, observed } = moment;
        return [{ step: index, of: '', recorded, simulated: observed.residentPages, bound: ramPages * 0.1 }];
      }),
  },
  {
    name: 'when reporting has settled',
    unit: 's',
    bound: '2 s',
    pairs: settling,
  },
];

/** A zone's unusable index says something only where so much of it is free. */
const FREE_RATIO = 0.1;
/** Reporting has settled when no more than this share of RAM is left to go. */
const SETTLED_RATIO = 0.1;
const SETTLING_SEC = 2;
const REPORTING_BIT = 5;

function freePages({ vmstat }: Moment['after']): number {
  return vmstat['nr_free_pages'] ?? 0;
}

function perCpuPages({ zoneinfo }: Moment['after']): number {
  const sets = Object.values(zoneinfo).flatMap(({ pagesets }) => pagesets);
  return sets.reduce((pages, { count }) => pages + count, 0);
}

function memFree({ recording, moments, ramPages }: Run, tunedRatio: number): Pair[] {
  const tunes = !recording.kernel.startsWith('6.1.') && !recording.kernel.startsWith('5.');
  return moments.map(({ index, after, observed }) => ({
    step: index,
    of: '',
    recorded: freePages(after),
    simulated: observed.freePages,
    bound: ramPages * (tunes ? tunedRatio : 0.01),
  }));
}

function unusable({ moments }: Run, bound: number): Pair[] {
  return moments.flatMap(({ index, after, observed }) =>
    observed.zones.flatMap((zone) => {
      const recorded = after.unusable_index?.[zone.name];
      const { free = 0, managed = 0 } = after.zoneinfo[zone.name] ?? {};
      if (recorded === undefined || free <= managed * FREE_RATIO) return [];
      return recorded.map((value, order) => ({
        step: index,
        of: `${zone.name} order ${order}`,
        recorded: value,
        simulated: zone.unusableRatio[order] ?? 0,
        bound,
      }));
    }),
  );
}

function residentPages({ after }: Moment): number | undefined {
  const residentKb = after.host?.['guest_ram_Rss_kB'];
  return residentKb === undefined ? undefined : residentKb / KB_PER_PAGE;
}

/**
 * With free page reporting: after memory was freed and the guest then left alone, the seconds until no more than 10 % of RAM is
 * left to be given back, read off the straight lines between snapshots. Both are seen at the same moments.
 */
function settling({ recording, moments, ramPages }: Run): Pair[] {
  if (recording.boot.info['virtio0_features']?.[REPORTING_BIT] !== '1') return [];
  const tolerance = ramPages * SETTLED_RATIO;
  return moments.flatMap((freeing, at) => {
    if (!frees(freeing)) return [];
    const alone = quietAfter(moments, at);
    if (alone.length < 2) return [];
    const recorded = settledSec(alone, residentPages, tolerance);
    if (recorded === 0) return [];
    const simulated = settledSec(alone, ({ observed }) => observed.residentPages, tolerance);
    return [{ step: freeing.index, of: '', recorded, simulated, bound: SETTLING_SEC }];
  });
}

function frees({ recorded }: Moment): boolean {
  return recorded.op === 'kill' || (isBalloon(recorded) ? false : commandOf(recorded).startsWith('unmap'));
}

/** The step itself and the waits after it. */
function quietAfter(moments: readonly Moment[], at: number): Moment[] {
  let end = at + 1;
  while (['wait', 'series'].includes(moments[end]?.recorded.op ?? '')) end++;
  return moments.slice(at, end);
}

/** Seconds from the first moment on; 0 when nothing much goes. */
function settledSec(
  moments: readonly Moment[],
  read: (moment: Moment) => number | undefined,
  tolerance: number,
): number {
  const values = moments.map((moment) => ({ atSec: moment.after.uptime_s, pages: read(moment) ?? 0 }));
  const level = (values.at(-1)?.pages ?? 0) + tolerance;
  const last = values.findLastIndex(({ pages }) => pages > level);
  const [from, to] = [values[last], values[last + 1]];
  if (from === undefined || to === undefined) return 0;
  const share = (from.pages - level) / (from.pages - to.pages);
  return from.atSec + share * (to.atSec - from.atSec) - (values[0]?.atSec ?? 0);
}

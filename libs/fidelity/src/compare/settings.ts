/** What boot, sysctl writes and memory blocks make of the zones. */
import { KB_PER_PAGE, type Metric, type Moment, type Pair, type Run } from './metric.js';

export const SETTINGS_METRICS: readonly Metric[] = [
  {
    name: 'MemTotal, managed pages, watermarks, protection, per-CPU batch and min_free_kbytes at boot',
    unit: 'pages or kB',
    bound: 'exact',
    pairs: atBoot,
  },
  {
    name: 'watermarks after sysctl writes and block changes',
    unit: 'pages',
    bound: 'exact',
    pairs: ({ moments }) => moments.filter(setsWatermarks).flatMap(watermarks),
  },
];

const BOOT_STEP = -1;

function atBoot({ recording: { boot }, replay }: Run): Pair[] {
  const { snapshot, info } = boot;
  const pairs: Pair[] = [];
  const add = (of: string, recorded: number, simulated: number): void => {
    pairs.push({ step: BOOT_STEP, of, recorded, simulated, bound: 0 });
  };
  add('MemTotal', (snapshot.meminfo['MemTotal'] ?? 0) / KB_PER_PAGE, replay.boot.totalPages);
  const minFreeKb = Number(info['min_free_kbytes']);
  if (Number.isFinite(minFreeKb)) add('min_free_kbytes', minFreeKb, replay.settings.minFreeKb);
  for (const zone of replay.boot.zones) {
    const recorded = snapshot.zoneinfo[zone.name];
    if (recorded === undefined) continue;
    add(`${zone.name} managed`, recorded.managed, zone.managedPages);
    add(`${zone.name} min`, recorded.min, zone.minPages);
    add(`${zone.name} low`, recorded.low, zone.lowPages);
    add(`${zone.name} high`, recorded.high, zone.highPages);
    const settings = replay.settings.zones[zone.name];
    add(`${zone.name} batch`, recorded.pagesets[0]?.batch ?? 0, settings?.batchPages ?? Number.NaN);
    recorded.protection.forEach((pages, type) => {
      add(`${zone.name} protection ${type}`, pages, settings?.protection[type] ?? Number.NaN);
    });
  }
  return pairs;
}

function setsWatermarks({ recorded: { op, args } }: Moment): boolean {
  if (op === 'memblock' || op === 'memblock_rescued') return true;
  return op === 'write' && /(min_free_kbytes|watermark_scale_factor|hugepage\/enabled)$/.test(String(args['path']));
}

/** Without the boost, which comes and goes. */
function watermarks({ index, after, observed }: Moment): Pair[] {
  return observed.zones.flatMap(({ name, minPages, lowPages, highPages, boostPages }) => {
    const recorded = after.zoneinfo[name];
    if (recorded === undefined) return [];
    const { min, low, high, boost } = recorded;
    return [
      { step: index, of: `${name} min`, recorded: min - boost, simulated: minPages - boostPages, bound: 0 },
      { step: index, of: `${name} low`, recorded: low - boost, simulated: lowPages - boostPages, bound: 0 },
      { step: index, of: `${name} high`, recorded: high - boost, simulated: highPages - boostPages, bound: 0 },
    ];
  });
}

/** Memory blocks that go and come, and what lies on which node. */
import { changeOf, commandOf, type Metric, type Moment, type Pair, type Run } from './metric.js';

export const HOTPLUG_METRICS: readonly Metric[] = [
  {
    name: 'errno of taking a block offline or online',
    unit: 'errno',
    bound: 'exact',
    pairs: ({ moments }) =>
      moments.flatMap(({ index, recorded, replayed }) => {
        const errno = recordedErrno(recorded.rc, recorded.result);
        if (!recorded.op.startsWith('memblock') || errno === null) return [];
        return [{ step: index, of: '', recorded: errno, simulated: replayed.answer.errno ?? Number.NaN, bound: 0 }];
      }),
  },
  {
    name: 'balloon_migrate of a block of balloon pages',
    unit: 'pages',
    bound: 'exact',
    pairs: ({ moments }) =>
      moments
        .filter(({ recorded }) => recorded.rc === 0 && recorded.block_pages_before?.['balloon'] === BLOCK_PAGES)
        .map((moment) => ({ step: moment.index, of: '', ...changeOf(moment, 'balloon_migrate'), bound: 0 })),
  },
  {
    name: 'present pages of the zones after it, and managed ones while the balloon is empty',
    unit: 'pages',
    bound: 'exact',
    pairs: ({ moments }) =>
      moments
        .filter(isBlockChange)
        .flatMap((moment) => [
          ...zonePages(moment, 'present'),
          ...(moment.observed.balloonPages === 0 ? zonePages(moment, 'managed') : []),
        ]),
  },
  {
    name: 'managed pages of the zones after it while the balloon is inflated',
    unit: 'pages',
    bound: 'exact',
    pairs: ({ moments }) =>
      moments
        .filter((moment) => isBlockChange(moment) && moment.observed.balloonPages > 0)
        .flatMap((moment) => zonePages(moment, 'managed')),
  },
  {
    name: 'balloon pages per node',
    unit: 'pages',
    bound: '1 % of RAM',
    pairs: balloonByNode,
  },
  {
    name: 'pages moved by compacting a node or migrating a process',
    unit: 'pages',
    bound: '15 %, or 1 % of RAM',
    pairs: ({ moments, ramPages }) =>
      moments.filter(movesBetweenNodes).map((moment) => {
        const change = changeOf(moment, 'pgmigrate_success');
        return { step: moment.index, of: '', ...change, bound: Math.max(change.recorded * 0.15, ramPages * 0.01) };
      }),
  },
];

const BLOCK_PAGES = 32_768;
const EINTR = 4;
/** The recorder killed the writer, and with it its errno. */
const LOST_ERRNO = -9999;

function recordedErrno(rc: number | undefined, result: unknown): number | null {
  const written = typeof result === 'string' ? /write=(-?\d+)/.exec(result)?.[1] : undefined;
  const errno = rc ?? (written === undefined ? null : Number(written));
  return errno === LOST_ERRNO ? -EINTR : errno;
}

function isBlockChange({ recorded }: Moment): boolean {
  return recorded.op.startsWith('memblock');
}

function zonePages({ index, after, observed }: Moment, field: 'managed' | 'present'): Pair[] {
  const names = new Set(Object.keys(after.zoneinfo).filter((name) => (after.zoneinfo[name]?.present ?? 0) > 0));
  for (const { name } of observed.zones) names.add(name);
  return [...names].map((name) => {
    const zone = observed.zones.find((other) => other.name === name);
    return {
      step: index,
      of: `${name} ${field}`,
      recorded: after.zoneinfo[name]?.[field] ?? 0,
      simulated: (field === 'managed' ? zone?.managedPages : zone?.presentPages) ?? 0,
      bound: 0,
    };
  });
}

/** What a zone manages less than at boot, and yet has, is in the balloon. */
function balloonByNode({ recording, replay, moments, ramPages }: Run): Pair[] {
  const { snapshot } = recording.boot;
  const nodes = new Set(Object.keys(snapshot.zoneinfo).map(nodeOf));
  if (nodes.size < 2) return [];
  return moments.flatMap(({ index, after, observed }) =>
    [...nodes].map((node) => ({
      step: index,
      of: `node ${node}`,
      recorded: lackOf(snapshot.zoneinfo, node) - lackOf(after.zoneinfo, node),
      simulated: observedLack(replay.boot.zones, node) - observedLack(observed.zones, node),
      bound: ramPages * 0.01,
    })),
  );
}

function nodeOf(zone: string): number {
  return Number(/^N(\d+)\./.exec(zone)?.[1] ?? 0);
}

function lackOf(zoneinfo: Moment['after']['zoneinfo'], node: number): number {
  return Object.entries(zoneinfo)
    .filter(([name]) => nodeOf(name) === node)
    .reduce((sum, [, { managed, present }]) => sum + managed - present, 0);
}

function observedLack(zones: Moment['observed']['zones'], node: number): number {
  return zones
    .filter((zone) => zone.node === node)
    .reduce((sum, { managedPages, presentPages }) => sum + managedPages - presentPages, 0);
}

function movesBetweenNodes({ recorded }: Moment): boolean {
  if (recorded.op === 'write') return /\/node\d+\/compact$/.test(String(recorded.args['path']));
  return /^(migr|move) /.test(commandOf(recorded));
}

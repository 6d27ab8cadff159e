/**
 * One manual compaction at a time, started from the page map that was recorded just before it, so that nothing but the rules
 * of compaction decides. Recorded against simulated: every counter, and every tracepoint of the two scanners.
 *
 * What the map does not say comes from the recording of that very compaction: the free scanner enters a pageblock if and only
 * if it is movable and does not begin with a large free block, so that the pageblocks it passed by were of another type.
 */
import {
  FRAME_USES,
  balloonPageListEnqueue,
  compactMemory,
  createBalloonDevice,
  createMemoryFromMap,
  refreshVmstat,
  runToEnd,
  vmstat,
  type CompactionEvent,
  type Memory,
  type PerCpuLists,
} from '#memory-core';
import { framesOf, parseRuns, type FrameRun, type ZonePlace } from './frame-map.js';
import { initialState } from './initial-state.js';
import { mapSnapshots } from './map-snapshots.js';
import type { RecordedSnapshot, Recording } from './recording.js';

const PAGEBLOCK_PAGES = 512;
const MOVABLE = 1;
const UNMOVABLE = 0;
const COUNTERS = [
  'compact_migrate_scanned',
  'compact_free_scanned',
  'compact_isolated',
  'pgmigrate_success',
  'pgmigrate_fail',
  'balloon_migrate',
] as const;
/** A pageblock with one of these holds kernel memory: its other pages are no cached ones. */
const KERNEL_LETTERS = ['S', 'P', 'c', 'R'];

export interface OneCompaction {
  readonly step: number;
  readonly counters: readonly { readonly name: string; readonly recorded: number; readonly simulated: number }[];
  /** Events of the scanners and of migration: in both sequences at the same place, of so many recorded. */
  readonly events: {
    readonly equal: number;
    /** Equal in all but how many frames the migration scanner counted: before 6.7 it jumps compound pages, whose orders no map shows. */
    readonly equalButCounted: number;
    readonly recorded: number;
    readonly simulated: number;
  };
}

/** The compactions of a recording that a whole page map was taken before. */
export function oneCompactions(recording: Recording): OneCompaction[] {
  const maps = mapsBefore(recording);
  return maps.map(({ index, rle }) => compactOnce(recording, index, rle));
}

function mapsBefore(recording: Recording): { index: number; rle: string }[] {
  const fields = recording as unknown as Readonly<Record<string, unknown>>;
  return [...mapSnapshots(recording).before].flatMap((index) => {
    const punches = recording.steps
      .slice(0, index)
      .filter(({ args }) => typeof args['cmd'] === 'string' && args['cmd'].includes('punch ')).length;
    const rle = fields[`pagemap_rle_${punches - 1}_before`] ?? fields['pagemap_rle_before_compact1'];
    return typeof rle === 'string' ? [{ index, rle }] : [];
  });
}

function compactOnce(recording: Recording, index: number, rle: string): OneCompaction {
  const step = recording.steps[index];
  const after = step?.after;
  const before = snapshotBefore(recording, index);
  if (step === undefined || after == null) throw new RangeError(`${recording.name}: step ${index} has no snapshot`);
  const recorded = (step.compaction_trace ?? []).flatMap(recordedEvent);
  const memory = memoryAt(recording, before, rle, recorded);
  refreshVmstat(memory);
  const counted = new Map(vmstat(memory));
  const simulated: string[] = [];
  runToEnd(memory, compactMemory(memory, { trace: (event) => simulated.push(...simulatedEvent(event)) }));
  const now = new Map(vmstat(memory));
  return {
    step: index,
    counters: COUNTERS.map((name) => ({
      name,
      recorded: (after.vmstat[name] ?? 0) - (before.vmstat[name] ?? 0),
      simulated: (now.get(name) ?? 0) - (counted.get(name) ?? 0),
    })),
    events: {
      equal: recorded.filter((event, at) => event === simulated[at]).length,
      equalButCounted: recorded.filter((event, at) => uncounted(event) === uncounted(simulated[at] ?? '')).length,
      recorded: recorded.length,
      simulated: simulated.length,
    },
  };
}

function snapshotBefore({ steps, boot }: Recording, index: number): RecordedSnapshot {
  const own = steps[index]?.before;
  if (own != null) return own;
  return steps.slice(0, index).findLast(({ after }) => after != null)?.after ?? boot.snapshot;
}

/** An event as `what first end scanned taken`, or `moved count failed`. */
function recordedEvent(line: string): string[] {
  const isolated =
    /mm_compaction_isolate_(migrate|free)pages: range=\((0x[\da-f]+) ~ (0x[\da-f]+)\) nr_scanned=(\d+) nr_taken=(\d+)/.exec(
      line,
    );
  if (isolated !== null) {
    const [, what = '', start, end, scanned = '', taken = ''] = isolated;
    return [`${what} ${Number(start)} ${Number(end)} ${scanned} ${taken}`];
  }
  const moved = /mm_compaction_migratepages: nr_migrated=(\d+) nr_failed=(\d+)/.exec(line);
  return moved === null ? [] : [`moved ${moved[1] ?? ''} ${moved[2] ?? ''}`];
}

function simulatedEvent(event: CompactionEvent): string[] {
  if (event.kind === 'MIGRATEPAGES') return [`moved ${event.moved} ${event.failed}`];
  if (event.kind !== 'ISOLATE_MIGRATEPAGES' && event.kind !== 'ISOLATE_FREEPAGES') return [];
  const what = event.kind === 'ISOLATE_MIGRATEPAGES' ? 'migrate' : 'free';
  return [`${what} ${event.startPfn} ${event.endPfn} ${event.scanned} ${event.taken}`];
}

function uncounted(event: string): string {
  const [what = '', first = '', end = '', , taken = ''] = event.split(' ');
  return what === 'migrate' ? `${what} ${first} ${end} ${taken}` : event;
}

function memoryAt(recording: Recording, before: RecordedSnapshot, rle: string, events: readonly string[]): Memory {
  const boot = initialState(recording);
  const runs = parseRuns(rle);
  const frameCount = boot.zones.at(-1)?.endPfn ?? 0;
  const frames = framesOf(runs, frameCount);
  const letters = lettersOf(runs, frameCount);
  const perCpu = boot.zones.map((zone) => cachedPages(zone, before, letters, frames));
  const memory = createMemoryFromMap({
    config: boot.memory.config,
    frames,
    blockTypes: typesFrom(boot.zones, events, letters),
    managedPages: boot.zones.map(({ recorded }) => recorded.managed),
    perCpu,
    reserveWasRead: true,
  });
  const held = FRAME_USES.indexOf('HELD');
  const ballooned = Int32Array.from([...frames.keys()].filter((pfn) => frames[pfn] === held));
  balloonPageListEnqueue(memory, createBalloonDevice(memory, false), ballooned, ballooned.length);
  return memory;
}

function lettersOf(runs: readonly FrameRun[], frameCount: number): string {
  return runs
    .map(({ letter, pages }) => letter.repeat(pages))
    .join('')
    .padEnd(frameCount, '-');
}

function blockText(letters: string, block: number): string {
  return letters.slice(block * PAGEBLOCK_PAGES, (block + 1) * PAGEBLOCK_PAGES);
}

/** Other pages in pageblocks without kernel memory wait on the per-CPU list, the lowest longest; marks them in `frames`. */
function cachedPages(
  { name, startPfn, endPfn }: ZonePlace,
  before: RecordedSnapshot,
  letters: string,
  frames: Uint8Array,
): PerCpuLists {
  const movablePfns: number[] = [];
  const hasKernel = (pfn: number): boolean =>
    KERNEL_LETTERS.some((letter) => blockText(letters, Math.floor(pfn / PAGEBLOCK_PAGES)).includes(letter));
  for (let pfn = startPfn; pfn < endPfn; pfn++) {
    if (letters[pfn] !== 'o' || hasKernel(pfn)) continue;
    movablePfns.push(pfn);
    frames[pfn] = FRAME_USES.indexOf('PER_CPU');
  }
  const [set] = before.zoneinfo[name]?.pagesets ?? [];
  return {
    unmovablePfns: [],
    movablePfns: movablePfns.reverse(),
    reclaimablePfns: [],
    highPages: set?.high ?? 0,
  };
}

/** Movable, but for pageblocks above the free scanner's last one that it passed by though they are not wholly free. */
function typesFrom(zones: readonly ZonePlace[], events: readonly string[], letters: string): Uint8Array {
  const types = new Uint8Array(Math.ceil(letters.length / PAGEBLOCK_PAGES)).fill(MOVABLE);
  const visited = new Set(
    events
      .filter((event) => event.startsWith('free '))
      .map((event) => Math.floor(Number(event.split(' ')[1]) / PAGEBLOCK_PAGES)),
  );
  const isFree = (block: number): boolean => blockText(letters, block) === '.'.repeat(PAGEBLOCK_PAGES);
  for (const { startPfn, endPfn } of zones) {
    const inZone = [...visited].filter(
      (block) => block * PAGEBLOCK_PAGES >= startPfn && block * PAGEBLOCK_PAGES < endPfn,
    );
    if (inZone.length === 0) continue;
    for (let block = Math.min(...inZone) + 1; block * PAGEBLOCK_PAGES < endPfn; block++) {
      if (visited.has(block)) continue;
      if (!isFree(block)) types[block] = UNMOVABLE;
      // The upper half of a free block of order 10 is visited like any other.
      else if (block % 2 === 1 && isFree(block - 1)) types.fill(UNMOVABLE, block - 1, block + 1);
    }
  }
  return types;
}

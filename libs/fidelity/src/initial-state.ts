/** The recorded guest as it stood when its recorder was ready: a Memory to replay on. */
import {
  FRAME_USES,
  createMemoryFromMap,
  isBacked,
  touchRun,
  type KernelProfile,
  type Memory,
  type MemoryConfig,
} from '#memory-core';
import { chooseBlockTypes, freeBlocksByPageblock, type BlockContent } from './block-types.js';
import { DISK_PAGES } from './disks.js';
import { ListedPages } from './per-cpu-lists.js';
import { framesOf, parseRuns, type FrameRun, type ZonePlace } from './frame-map.js';
import type { RecordedSnapshot, Recording } from './recording.js';

const PAGEBLOCK_PAGES = 512;
const ZONE_TYPES = ['DMA', 'DMA32', 'Normal', 'Movable'] as const;
const KERNEL_PAGES_PER_KB = 1 / 4;
/** A hole in the physical map that is worth leaving out of the columns. */
const WIDE_HOLE_PAGES = 32_768;
const FIRST_MIB_PAGES = 256;

export interface InitialState {
  readonly memory: Memory;
  readonly zones: readonly ZonePlace[];
  /** Physical pfn of a frame of the memory. */
  physicalPfn(pfn: number): number;
}

export function profileOf(recording: Recording): KernelProfile {
  const version = /^(\d+)\.(\d+)/.exec(recording.kernel);
  const [major, minor] = [Number(version?.[1]), Number(version?.[2])];
  if (major >= 7) return '7.0';
  if (major === 6 && minor >= 7) return '6.12';
  return major === 6 ? '6.1' : '5.15';
}

export function initialState(recording: Recording, swapPages = 0): InitialState {
  const { snapshot } = recording.boot;
  const runs = frameRuns(recording);
  const hole = wideHole(runs);
  const dense = (pfn: number): number => (pfn >= hole.endPfn ? pfn - (hole.endPfn - hole.startPfn) : pfn);
  const zones = placesOf(snapshot, dense);
  const frameCount = zones.at(-1)?.endPfn ?? 0;
  const denseRuns = runs
    .filter(({ startPfn }) => startPfn < hole.startPfn || startPfn >= hole.endPfn)
    .map((run) => ({ ...run, startPfn: dense(run.startPfn) }));
  const frames = framesOf(denseRuns, frameCount);
  for (const zone of zones) markAbsent(zone, frames);
  const recorded = { runs: denseRuns, isExact: recording.boot.pagemap_rle !== undefined, frames };
  const listed = zones.map((zone) => new ListedPages(zone, recorded));
  for (const pages of listed) pages.findMovable();
  const counted = frames.slice();
  for (const pages of listed) pages.undoDrain(counted);
  const blockTypes = blockTypesOf(recording, zones, counted, frameCount);
  const refillsSingly = ['5.15', '6.1'].includes(profileOf(recording));
  for (const pages of listed) pages.findTheRest(blockTypes, refillsSingly);
  const memory = createMemoryFromMap({
    config: configOf(recording, zones, hole, swapPages),
    frames,
    blockTypes,
    managedPages: zones.map((zone) => zone.recorded.managed),
    perCpu: listed.map((pages) => pages.lists(recording.smp)),
    reserveWasRead: true,
  });
  if ((snapshot.host?.['guest_ram_AnonHugePages_kB'] ?? 0) > 0) backWholeHugePages(memory, frameCount);
  return { memory, zones, physicalPfn: (pfn) => (pfn >= hole.startPfn ? pfn + hole.endPfn - hole.startPfn : pfn) };
}

/** The recording's host backs guest memory with huge pages: what the boot touched brought its neighbours along. */
function backWholeHugePages(memory: Memory, frameCount: number): void {
  for (let first = 0; first + PAGEBLOCK_PAGES <= frameCount; first += PAGEBLOCK_PAGES) {
    for (let pfn = first; pfn < first + PAGEBLOCK_PAGES; pfn++) {
      if (!isBacked(memory, pfn)) continue;
      touchRun(memory, first, PAGEBLOCK_PAGES);
      break;
    }
  }
}

function placesOf(snapshot: RecordedSnapshot, dense: (pfn: number) => number): ZonePlace[] {
  const places = Object.entries(snapshot.zoneinfo).map(([name, recorded]) => {
    const [, node = '0', type = name] = /^(?:N(\d+)\.)?(\w+)$/.exec(name) ?? [];
    const startPfn = dense(recorded.start_pfn);
    return {
      name,
      node: Number(node),
      type: ZONE_TYPES.indexOf(type as (typeof ZONE_TYPES)[number]),
      startPfn,
      endPfn: dense(recorded.start_pfn + recorded.spanned),
      recorded,
    };
  });
  return places.filter(({ recorded }) => recorded.present > 0).toSorted((a, b) => a.startPfn - b.startPfn);
}

/**
 * The map calls frames reserved that are no memory: the video hole below 1 MiB, and firmware's tables at a zone's end. How
 * many there are, the zone's present pages say.
 */
function markAbsent({ type, startPfn, endPfn, recorded }: ZonePlace, frames: Uint8Array): void {
  const [hole, reserved] = [FRAME_USES.indexOf('HOLE'), FRAME_USES.indexOf('RESERVED')];
  let absent = endPfn - startPfn - recorded.present;
  for (let pfn = startPfn; pfn < endPfn; pfn++) if (frames[pfn] === hole) absent--;
  const end = type === 0 ? FIRST_MIB_PAGES : endPfn;
  for (let pfn = end - absent; pfn < end; pfn++) if (frames[pfn] === reserved) frames[pfn] = hole;
}

function configOf(
  recording: Recording,
  zones: readonly ZonePlace[],
  hole: { readonly startPfn: number; readonly endPfn: number },
  swapPages: number,
): MemoryConfig {
  const late = lateManagedPages(recording);
  const image = zones.findIndex(({ type }) => type !== 0);
  const initrd = zones.findLastIndex(({ startPfn }) => startPfn < hole.startPfn);
  return {
    kernelProfile: profileOf(recording),
    memoryBallooning: true,
    balloonCompaction: true,
    transparentHugepages: !(recording.boot.info['thp_enabled'] ?? '').includes('[never]'),
    cpus: recording.smp,
    addressSpaces: true,
    swapPages,
    filePages: DISK_PAGES,
    machine: {
      zones: zones.map(({ node, type, startPfn, endPfn }, index) => ({
        node,
        type,
        range: { startPfn, endPfn },
        holes: [],
        reserved: [],
        lateManagedPages: (index === image ? late.imagePages : 0) + (index === initrd ? late.initrdPages : 0),
      })),
      holeStartPfn: hole.startPfn,
      holePages: hole.endPfn - hole.startPfn,
    },
  };
}

/**
 * What the kernel says it frees after it has computed its watermarks: parts of its image, which lies low, and the initrd,
 * which lies at the top of the memory below 4 GiB.
 */
function lateManagedPages(recording: Recording): { imagePages: number; initrdPages: number } {
  const log = (recording.boot as { readonly kernel_log_mm?: readonly string[] }).kernel_log_mm ?? [];
  let [imagePages, initrdPages] = [0, 0];
  for (const line of log) {
    const pages = Math.floor(Number(/Freeing .*memory: (\d+)K/.exec(line)?.[1] ?? 0) * KERNEL_PAGES_PER_KB);
    if (line.includes('initrd')) initrdPages += pages;
    else if (!line.includes('alternatives')) imagePages += pages;
  }
  return { imagePages, initrdPages };
}

/** The recorded map, or what the classes of each pageblock say. */
function frameRuns(recording: Recording): FrameRun[] {
  const { pagemap_rle: rle, snapshot } = recording.boot;
  if (rle !== undefined) return parseRuns(rle);
  const { pageblocks } = (snapshot as { readonly pagemap?: { readonly pageblocks: readonly string[] } }).pagemap ?? {
    pageblocks: [],
  };
  return pageblocks.flatMap((text, block) => spread(parseRuns(text), block));
}

/** Classes of a pageblock laid out in some order: page 0 is reserved, and what is missing ends the memory. */
function spread(classes: readonly FrameRun[], block: number): FrameRun[] {
  const place = ({ letter }: FrameRun): number => (letter === '-' ? 2 : letter === 'R' && block === 0 ? 0 : 1);
  let startPfn = block * PAGEBLOCK_PAGES;
  return classes
    .toSorted((a, b) => place(a) - place(b))
    .map(({ letter, pages }) => {
      const run = { letter, startPfn, pages };
      startPfn += pages;
      return run;
    });
}

function wideHole(runs: readonly FrameRun[]): { startPfn: number; endPfn: number } {
  let startPfn = 0;
  let endPfn = 0;
  for (const { letter, startPfn: from, pages } of runs) {
    if (letter !== '-') {
      if (endPfn - startPfn >= WIDE_HOLE_PAGES) break;
      [startPfn, endPfn] = [from + pages, from + pages];
    } else if (from === endPfn) endPfn = from + pages;
    else [startPfn, endPfn] = [from, from + pages];
  }
  const last = runs.at(-1);
  const mapEnd = last === undefined ? 0 : last.startPfn + last.pages;
  if (endPfn - startPfn < WIDE_HOLE_PAGES) return { startPfn: mapEnd, endPfn: mapEnd };
  startPfn = Math.ceil(startPfn / 1024) * 1024;
  return { startPfn, endPfn: Math.floor(endPfn / 1024) * 1024 };
}

function blockTypesOf(
  recording: Recording,
  zones: readonly ZonePlace[],
  frames: Uint8Array,
  frameCount: number,
): Uint8Array {
  const types = new Uint8Array(Math.ceil(frameCount / PAGEBLOCK_PAGES)).fill(1);
  const { pagetypeinfo } = recording.boot.snapshot;
  if (pagetypeinfo === undefined) return types;
  const freeBlocks = freeBlocksByPageblock(freeRunsOf(zones, frames));
  for (const { name, startPfn, endPfn } of zones) {
    const [free, blocks] = [pagetypeinfo.free[name], pagetypeinfo.blocks[name]];
    if (free === undefined || blocks === undefined) continue;
    const firstBlock = Math.floor(startPfn / PAGEBLOCK_PAGES);
    const zone = { firstBlock, endBlock: Math.ceil(endPfn / PAGEBLOCK_PAGES), free, blocks };
    const chosen = chooseBlockTypes(
      zone,
      (block) => freeBlocks.get(block) ?? [],
      (block) => contentOf(frames, block),
    );
    types.set(chosen, firstBlock);
  }
  return types;
}

function freeRunsOf(zones: readonly ZonePlace[], frames: Uint8Array): { startPfn: number; pages: number }[] {
  const free = FRAME_USES.indexOf('FREE');
  const runs: { startPfn: number; pages: number }[] = [];
  for (const zone of zones) {
    for (let pfn = zone.startPfn; pfn < zone.endPfn; pfn++) {
      if (frames[pfn] !== free) continue;
      const from = pfn;
      while (pfn < zone.endPfn && frames[pfn] === free) pfn++;
      runs.push({ startPfn: from, pages: pfn - from });
    }
  }
  return runs;
}

/** Of the per-CPU lists only the movable pages are known yet. */
function contentOf(frames: Uint8Array, block: number): BlockContent {
  let [slab, other, listedMovable] = [0, 0, 0];
  for (let pfn = block * PAGEBLOCK_PAGES; pfn < (block + 1) * PAGEBLOCK_PAGES; pfn++) {
    const use = FRAME_USES[frames[pfn] ?? 0];
    if (use === 'SLAB') slab++;
    else if (use === 'PAGE_TABLE' || use === 'KERNEL') other++;
    else if (use === 'PER_CPU') listedMovable++;
  }
  return { slab, other, listedMovable };
}

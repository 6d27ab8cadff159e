/**
 * What lay on the per-CPU lists when the recorder was ready. A page map calls those pages "other", like the kernel's own; how
 * many there are is known, and which ones shows in where they lie:
 *
 *   movable       boot memory that was given back: long runs beside what boot has reserved, highest first; behind it the rest of
 *                 the refill that the root's files were written from, lowest first
 *   unmovable     the rest of the last refill, which hands out ascending frames: a long run up to the next free block, in an
 *                 unmovable pageblock; none when the lists have been giving back, since this list does so first
 *   reclaimable   the same in a reclaimable pageblock. It gives back last, so what is left over is put behind it: pages on
 *                 the lists of higher orders, which are not told apart here, stay as long
 */
import { FRAME_USES, type PerCpuLists } from '#memory-core';
import type { FrameRun, ZonePlace } from './frame-map.js';

const PAGEBLOCK_PAGES = 512;
/** A run shorter than this is not known to be either. */
const LONG_RUN_PAGES = 40;
const [UNMOVABLE, RECLAIMABLE] = [0, 2];
const MOVABLE_ZONE = 3;
/** About what is on the lists of higher orders after boot: 17 to 69 pages where a map of every frame shows it. */
const HIGHER_ORDER_PAGES = 50;

export interface RecordedFrames {
  readonly runs: readonly FrameRun[];
  /** The map shows every frame: else the frames of each pageblock are in an order of our own. */
  readonly isExact: boolean;
  /** Index into FRAME_USES by frame; frames found on a list are marked. */
  readonly frames: Uint8Array;
}

/** The pages of one zone's lists, as far as they are found; `left` are still to be found. */
export class ListedPages {
  readonly unmovablePfns: number[] = [];
  readonly movablePfns: number[] = [];
  readonly reclaimablePfns: number[] = [];
  readonly #others: readonly FrameRun[];
  /** Pages that the lists have given back between the counts and the map. */
  readonly #drainedPages: number;
  #left: number;

  constructor(
    private readonly zone: ZonePlace,
    private readonly recorded: RecordedFrames,
  ) {
    const { startPfn, endPfn } = zone;
    const { frames, runs } = recorded;
    const free = FRAME_USES.indexOf('FREE');
    let freePages = 0;
    for (let pfn = startPfn; pfn < endPfn; pfn++) if (frames[pfn] === free) freePages++;
    const counted = zone.recorded.pagesets.reduce((sum, { count }) => sum + count, 0);
    // The map was read a moment after the counts: what is free now was on a list then.
    this.#left = Math.max(0, zone.recorded.free + counted - freePages);
    this.#drainedPages = Math.max(0, freePages - zone.recorded.free);
    this.#others = runs.filter((run) => run.letter === 'o' && run.startPfn >= startPfn && run.startPfn < endPfn);
  }

  /** Before the types of pageblocks are known, which are guessed from what else lies in them. */
  findMovable(): void {
    const isKnown = (run: FrameRun): boolean => run.pages >= LONG_RUN_PAGES && this.#isBootMemory(run);
    for (const run of this.#others) {
      if (!isKnown(run) || this.#followsFiles(run)) continue;
      for (let pfn = run.startPfn + run.pages - 1; pfn >= run.startPfn; pfn--) this.#put(this.movablePfns, pfn);
    }
    this.#putAll(
      this.movablePfns,
      this.#others.filter((run) => this.#followsFiles(run)),
    );
  }

  /**
   * Marks in `frames` what lay on the movable list when free blocks were counted and was free when the map was read: the list
   * gives back from its end, so these pages go on where it ends now.
   */
  undoDrain(frames: Uint8Array): void {
    const { movablePfns } = this;
    const last = movablePfns.at(-1);
    if (!this.recorded.isExact || last === undefined) return;
    const step = (movablePfns.at(-2) ?? last) < last ? 1 : -1;
    const [free, perCpu] = [FRAME_USES.indexOf('FREE'), FRAME_USES.indexOf('PER_CPU')];
    for (let pages = 1; pages <= this.#drainedPages && frames[last + step * pages] === free; pages++) {
      frames[last + step * pages] = perCpu;
    }
  }

  /** `refillsSingly`: before 6.7 lists give nothing back by themselves, and what is left over is unmovable. */
  findTheRest(blockTypes: Uint8Array, refillsSingly: boolean): void {
    const typeOf = ({ startPfn }: FrameRun): number => blockTypes[Math.floor(startPfn / PAGEBLOCK_PAGES)] ?? 1;
    if (this.zone.type === MOVABLE_ZONE) {
      this.#putAll(this.movablePfns, this.#others);
      return;
    }
    const inReclaimable = this.#others.filter((run) => typeOf(run) === RECLAIMABLE);
    if (this.recorded.isExact) {
      const rests = this.#others.filter((run) => this.#isRestOfRefill(run));
      this.#putAll(
        this.unmovablePfns,
        rests.filter((run) => typeOf(run) === UNMOVABLE),
      );
      this.#putAll(
        this.reclaimablePfns,
        rests.filter((run) => typeOf(run) === RECLAIMABLE),
      );
    } else if (!refillsSingly) {
      this.#putAll(this.reclaimablePfns, inReclaimable);
      const unmovable = this.#others.filter((run) => typeOf(run) === UNMOVABLE);
      this.#putAll(this.unmovablePfns, unmovable, HIGHER_ORDER_PAGES);
    }
    const short = this.#others.filter(({ pages }) => pages < LONG_RUN_PAGES);
    const list = refillsSingly ? this.unmovablePfns : this.reclaimablePfns;
    this.#putAll(list, [...inReclaimable, ...short, ...this.#others]);
  }

  /** A map is read after the second's refresh, which has let the high mark sink. */
  lists(cpus: number): PerCpuLists {
    const { unmovablePfns, movablePfns, reclaimablePfns } = this;
    const high = this.zone.recorded.pagesets[0]?.high ?? 0;
    const highPages = cpus === 1 ? Math.max(high - (high >> 3), movablePfns.length) : high;
    return { unmovablePfns, movablePfns, reclaimablePfns, highPages };
  }

  /** Refills hand out ascending frames: what comes after the last file's pages is not handed out yet. */
  #followsFiles(run: FrameRun): boolean {
    const { runs, isExact } = this.recorded;
    if (isExact) return runs[runs.indexOf(run) - 1]?.letter === 'F';
    const inBlock = runs.filter((other) => blockOf(other) === blockOf(run));
    return inBlock.some(({ letter }) => letter === 'F') && inBlock.every(({ letter }) => 'Fo.'.includes(letter));
  }

  #isBootMemory(run: FrameRun): boolean {
    const { runs, isExact } = this.recorded;
    const at = runs.indexOf(run);
    const isBoot = (other: FrameRun | undefined): boolean => other !== undefined && 'RFA'.includes(other.letter);
    if (isExact) return isBoot(runs[at - 1]) || isBoot(runs[at + 1]);
    const inBlock = runs.filter((other) => blockOf(other) === blockOf(run));
    if (inBlock.some(({ letter }) => 'SPc'.includes(letter))) return false;
    const near = runs.filter((other) => Math.abs(blockOf(other) - blockOf(run)) <= 1);
    return near.some(isBoot);
  }

  #isRestOfRefill(run: FrameRun): boolean {
    const next = this.recorded.runs[this.recorded.runs.indexOf(run) + 1];
    const isWithinBlock = Math.floor((run.startPfn + run.pages - 1) / PAGEBLOCK_PAGES) === blockOf(run);
    return run.pages >= LONG_RUN_PAGES && isWithinBlock && next?.letter === '.';
  }

  #putAll(list: number[], runs: readonly FrameRun[], but = 0): void {
    for (const { startPfn, pages } of runs) {
      for (let pfn = startPfn; pfn < startPfn + pages && this.#left > but; pfn++) this.#put(list, pfn);
    }
  }

  #put(list: number[], pfn: number): void {
    const { frames } = this.recorded;
    const perCpu = FRAME_USES.indexOf('PER_CPU');
    if (this.#left === 0 || frames[pfn] === perCpu) return;
    list.push(pfn);
    frames[pfn] = perCpu;
    this.#left--;
  }
}

function blockOf({ startPfn }: FrameRun): number {
  return Math.floor(startPfn / PAGEBLOCK_PAGES);
}

/**
 * The host's side of one virtio memory balloon: its configuration space and its queues. Balloon pages are 4 KiB whatever
 * the guest's page size. Source: virtio specification 1.2, section 5.5; reference sections 3.1, 3.2, 3.7 to 3.12.
 *
 *   queue 0 inflate, 1 deflate     arrays of pfns
 *   queue 2 statistics             one buffer of the driver, parked here until the host wants fresh values
 *   queue 3 free page hinting      command ids and free blocks
 *   queue 4 free page reporting    free blocks
 */
import { discardBatch, discardRun, pagesBackwards } from '#memory-core';
import type { Memory, PageBatch, ReportedBlocks } from '#memory-core';

/** What the device sees, in the order in which it sees it. Arrays are valid during the call only. */
export type DeviceEvent =
  | { readonly kind: 'INFLATE' | 'DEFLATE'; readonly pfns: Int32Array }
  | { readonly kind: 'ACTUAL'; readonly pages: number }
  | { readonly kind: 'HINT_COMMAND'; readonly id: number }
  | { readonly kind: 'HINT_BLOCK'; readonly pfn: number }
  | { readonly kind: 'REPORT'; readonly blocks: ReportedBlocks };

/** Configuration space: little-endian fields, also on legacy devices. */
const CONFIG_BYTES = 16;
const NUM_PAGES_AT = 0;
const ACTUAL_AT = 4;
const HINT_COMMAND_AT = 8;
const POISON_AT = 12;

/** Entries of each queue's ring; QEMU's balloon has 128. */
export const RING_ENTRIES = 128;

export class BalloonDevice {
  readonly #config = new DataView(new ArrayBuffer(CONFIG_BYTES));
  /** Requests received since boot, by queue; each is one notification of the host. */
  inflateRequests = 0;
  deflateRequests = 0;
  /** The driver's statistics, parked; null while the driver has the buffer. */
  statistics: Uint8Array | null = null;
  /** Entries of the hinting ring that the host has not used yet. */
  hintsQueued = 0;
  /** A host that leaves hints on the ring, instead of using them at once. */
  leavesHints = false;
  observer: ((event: DeviceEvent) => void) | null = null;

  /** `features`: VIRTIO_BALLOON_F_… bits that the device offers. */
  constructor(
    readonly features: number,
    readonly ringEntries: number = RING_ENTRIES,
  ) {}

  /** The configuration space as the guest's bus sees it. */
  get configSpace(): Uint8Array {
    return new Uint8Array(this.#config.buffer);
  }

  /** num_pages: how many balloon pages the host asks for. Written by the host. */
  get targetPages(): number {
    return this.#config.getUint32(NUM_PAGES_AT, true);
  }

  set targetPages(pages: number) {
    this.#config.setUint32(NUM_PAGES_AT, pages, true);
  }

  /** actual: how many the driver says it has given. Written by the driver. */
  get actualPages(): number {
    return this.#config.getUint32(ACTUAL_AT, true);
  }

  set actualPages(pages: number) {
    this.#config.setUint32(ACTUAL_AT, pages, true);
    this.observer?.({ kind: 'ACTUAL', pages });
  }

  /** free_page_hint_cmd_id: which round of hinting the host wants; 0 stop, 1 done. Written by the host. */
  get hintCommand(): number {
    return this.#config.getUint32(HINT_COMMAND_AT, true);
  }

  set hintCommand(id: number) {
    this.#config.setUint32(HINT_COMMAND_AT, id, true);
  }

  /** poison_val: what free pages of the guest hold. Written by the driver before it is ready. */
  get poison(): number {
    return this.#config.getUint32(POISON_AT, true);
  }

  set poison(word: number) {
    this.#config.setUint32(POISON_AT, word, true);
  }

  /** The driver hands over the batch, the page that came last first: the host drops what backs it. Returns how many it backed. */
  receiveInflated(memory: Memory, batch: PageBatch, pagesPerFrame: number): number {
    this.inflateRequests++;
    this.observer?.({ kind: 'INFLATE', pfns: balloonPfns(pagesBackwards(batch), pagesPerFrame) });
    return discardBatch(memory, batch);
  }

  /** The driver wants the batch back, the page dequeued first first. The host backs the pages again when they are touched. */
  receiveDeflated(batch: PageBatch, pagesPerFrame: number): void {
    this.deflateRequests++;
    this.observer?.({ kind: 'DEFLATE', pfns: balloonPfns(pagesBackwards(batch).reverse(), pagesPerFrame) });
  }

  /** The host takes the parked statistics and gives the buffer back; null while the driver still has it. */
  takeStatistics(): Uint8Array | null {
    const buffer = this.statistics;
    this.statistics = null;
    return buffer;
  }

  /** Entries left on the hinting ring. */
  get hintRoom(): number {
    return this.ringEntries - this.hintsQueued;
  }

  receiveHintCommand(id: number): void {
    if (this.leavesHints) this.hintsQueued++;
    this.observer?.({ kind: 'HINT_COMMAND', id });
  }

  /** A block that migration need not copy; it stays backed. */
  receiveHintBlock(pfn: number): void {
    if (this.leavesHints) this.hintsQueued++;
    this.observer?.({ kind: 'HINT_BLOCK', pfn });
  }

  /**
   * Free blocks of the guest: the host drops what backs them, unless the guest relies on what its free pages hold. As a
   * sink of reporting it always succeeds.
   */
  receiveReport(memory: Memory, blocks: ReportedBlocks): boolean {
    this.observer?.({ kind: 'REPORT', blocks });
    if (this.poison !== 0) return true;
    for (let at = blocks.from; at < blocks.pfns.length; at++) {
      discardRun(memory, blocks.pfns[at] ?? 0, 1 << (blocks.orders[at] ?? 0));
    }
    return true;
  }
}

/** The 4 KiB pfns of guest pages: each guest page is `pagesPerFrame` consecutive ones. */
function balloonPfns(frames: Int32Array, pagesPerFrame: number): Int32Array {
  if (pagesPerFrame === 1) return frames;
  const pfns = new Int32Array(frames.length * pagesPerFrame);
  for (let at = 0; at < pfns.length; at++) {
    pfns[at] = (frames[Math.floor(at / pagesPerFrame)] ?? 0) * pagesPerFrame + (at % pagesPerFrame);
  }
  return pfns;
}

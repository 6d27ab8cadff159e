/**
 * A virtio-balloon driver for the explorer, after the reference's sections 2.12.3, 3.5 and 3.6: requests of a page or two, and
 * a host that keeps a ledger of the frames it was given and complains. Every local variable of a task is in its record, so
 * that the explorer can tell states apart.
 */
import { balloonPageAlloc, balloonPageEnqueue, balloonPageListDequeue } from '../../src/balloon/balloon.js';
import { D_ISOLATED, D_LISTED } from '../../src/balloon-list/device.js';
import { setBalloonDriver } from '../../src/balloon-list/driver.js';
import { endBalloonMove, startBalloonMove } from '../../src/balloon-list/move.js';
import { freePages } from '../../src/allocator/free.js';
import { NIL } from '../../src/layout/constants.js';
import { EAGAIN } from '../../src/layout/errno.js';
import { KernelBugError } from '../../src/layout/kernel-bug.js';
import { DEVICE_FIELDS, S_LOCKED_PAGES } from '../../src/layout/memory.js';
import type { Memory } from '../../src/layout/memory.js';
import {
  MAX_BALLOON_DEVICES,
  TAG_ALLOCATED,
  TAG_BALLOON,
  TAG_BALLOON_ISOLATED,
  TAG_COMPACT_FREE,
  TAG_DEFLATED,
  TAG_OWNER,
  TAG_OWNER_ISOLATED,
} from '../../src/layout/tags.js';
import { RESCHEDULE } from '../../src/tasks/task.js';
import type { Mutex, Task, Wait } from '../../src/tasks/task.js';
import { balloonFrames } from './tiny.js';

const HOST: Wait = { kind: 'HOST' };
const BACK_OFF: Wait = { kind: 'SLEEP', us: 204_000 };

/** Frames that the host has: from the moment it is told of them to its acknowledgement that it gives them back. */
export class HostLedger {
  readonly frames = new Set<number>();
  readonly problems: string[] = [];

  inflate(pfns: readonly number[]): void {
    for (const pfn of pfns) {
      if (this.frames.has(pfn)) this.problems.push(`the host is given pfn ${pfn} twice`);
      this.frames.add(pfn);
    }
  }

  askBack(pfns: readonly number[]): void {
    for (const pfn of pfns) if (!this.frames.has(pfn)) this.problems.push(`pfn ${pfn} was never the host's`);
  }

  giveBack(pfns: readonly number[]): void {
    for (const pfn of pfns) this.frames.delete(pfn);
  }

  /** A frame that the host has is in the balloon or on its way: nobody in the guest may use it, or have it to give away. */
  complaints(memory: Memory): string[] {
    const found = [...this.problems];
    for (const pfn of this.frames) {
      const tag = memory.tag[pfn];
      const ofBalloon = tag >= TAG_BALLOON && tag < TAG_BALLOON + MAX_BALLOON_DEVICES;
      const isolated = tag >= TAG_BALLOON_ISOLATED && tag < TAG_BALLOON_ISOLATED + MAX_BALLOON_DEVICES;
      if (!ofBalloon && !isolated && tag !== TAG_ALLOCATED && tag !== TAG_DEFLATED)
        found.push(`the host has pfn ${pfn}, and the guest uses it (tag ${tag})`);
    }
    return found;
  }
}

/** Where one task of the driver stands. */
interface Place {
  at: string;
  pages: number[];
}

export class SmallDriver {
  readonly ledger = new HostLedger();
  readonly lock: Mutex = { held: false };
  target = 0;
  /** num_pages of the kernel's driver, and what it last wrote to `actual`. */
  numPages = 0;
  actual = 0;
  /** The one array that every request to the host is written to, and read from until the host has answered. */
  #request: readonly number[] = [];
  /** Dequeues that found nothing although, by now, a page is there (section 2.7). */
  lateNulls = 0;

  constructor(
    readonly memory: Memory,
    readonly device: number,
    /** Pages in one request. */
    readonly batch = 2,
  ) {
    setBalloonDriver(memory, device, { migratePage: (newPfn, oldPfn) => this.#migrate(newPfn, oldPfn) });
  }

  /** Fills the balloon before the play begins. */
  inflateAtOnce(pages: number): this {
    return this.adopt(Array.from({ length: pages }, () => balloonPageAlloc(this.memory)));
  }

  /** Takes held pages into the balloon before the play begins; the last one ends up at the head. */
  adopt(pfns: readonly number[]): this {
    for (const pfn of pfns) balloonPageEnqueue(this.memory, this.device, pfn);
    this.ledger.inflate(pfns);
    this.numPages += pfns.length;
    this.actual = this.target = this.numPages;
    return this;
  }

  /** Goes for the target until it is met. */
  sizeWork(name: string): { name: string; task: Task<void>; knows: () => string } {
    const place: Place = { at: 'start', pages: [] };
    return { name, task: this.#sizeWork(place), knows: () => `${place.at} ${place.pages.join()}` };
  }

  /** The OOM notifier: gives one request's worth back, whatever the target. */
  notifier(name: string): { name: string; task: Task<number>; knows: () => string } {
    const place: Place = { at: 'start', pages: [] };
    return { name, task: this.#notify(place), knows: () => `${place.at} ${place.pages.join()}` };
  }

  /** What the explorer has to know besides the memory. */
  shared(): string {
    const { lock, target, numPages, actual, ledger, lateNulls } = this;
    return `${lock.held} ${this.#request.join()} ${target} ${numPages} ${actual} ${lateNulls} ${[...ledger.frames].sort((a, b) => a - b).join()}`;
  }

  /** B3 while the lock is free, and the host's complaints. */
  check(): string[] {
    const found = this.ledger.complaints(this.memory);
    const { listed, isolated } = this.#pages();
    if (!this.lock.held && this.numPages !== listed + isolated)
      found.push(`the driver counts ${this.numPages} pages, the balloon has ${listed} and ${isolated} isolated`);
    return found;
  }

  /** At rest: host, driver and core agree, nothing is on its way, no lock is held. */
  settled(): string[] {
    const found: string[] = [];
    const { memory, ledger } = this;
    const { isolated } = this.#pages();
    if (this.lock.held) found.push('the balloon lock is held for ever');
    if (isolated > 0) found.push(`${isolated} pages stay isolated`);
    if (memory.scalars[S_LOCKED_PAGES] > 0) found.push('a page lock is held for ever');
    if (this.actual !== this.numPages) found.push(`actual says ${this.actual}, the driver has ${this.numPages}`);
    const frames = balloonFrames(memory);
    if (frames.length !== ledger.frames.size || frames.some((pfn) => !ledger.frames.has(pfn)))
      found.push(`the host has ${[...ledger.frames].join()}, the balloon ${frames.join()}`);
    return [...found, ...strays(memory)];
  }

  #pages(): { listed: number; isolated: number } {
    const row = this.device * DEVICE_FIELDS;
    return { listed: this.memory.devices[row + D_LISTED], isolated: this.memory.devices[row + D_ISOLATED] };
  }

  *#sizeWork(place: Place): Task<void> {
    for (;;) {
      const distance = this.target - this.numPages;
      if (distance > 0) yield* this.#fill(place, Math.min(distance, this.batch));
      else if (distance < 0) yield* this.#leak(place, Math.min(-distance, this.batch));
      this.actual = this.numPages;
      if (this.target === this.numPages) return;
      place.at = 'again';
      yield RESCHEDULE;
    }
  }

  *#fill(place: Place, wanted: number): Task<void> {
    while (place.pages.length < wanted) {
      const pfn = balloonPageAlloc(this.memory);
      if (pfn !== NIL) place.pages.push(pfn);
      place.at = pfn === NIL ? 'out of puff' : 'allocating';
      yield pfn === NIL ? BACK_OFF : RESCHEDULE;
      if (pfn === NIL) break;
    }
    if (place.pages.length === 0) return;
    yield* this.#takeLock(place);
    place.pages.reverse();
    for (const pfn of place.pages) balloonPageEnqueue(this.memory, this.device, pfn);
    this.numPages += place.pages.length;
    place.at = 'inflating';
    yield* this.#inflate(place.pages);
    place.pages = [];
    this.lock.held = false;
  }

  *#leak(place: Place, wanted: number): Task<number> {
    yield* this.#takeLock(place);
    while (place.pages.length < Math.min(wanted, this.numPages + place.pages.length)) {
      const pfn = yield* this.#dequeue(place);
      if (pfn === NIL) break;
      place.pages.push(pfn);
      this.numPages--;
      place.at = 'dequeued';
      yield RESCHEDULE;
    }
    const count = place.pages.length;
    if (count > 0) {
      place.at = 'deflating';
      yield* this.#deflate(place.pages);
      for (const pfn of place.pages.reverse()) freePages(this.memory, pfn, 0);
    }
    place.pages = [];
    this.lock.held = false;
    return count;
  }

  /** balloon_page_dequeue, which lets the pages lock go between looking for a page and wondering why there is none. */
  *#dequeue(place: Place): Task<number> {
    const single = new Int32Array(1);
    if (balloonPageListDequeue(this.memory, this.device, single, 1) === 1) return single[0];
    place.at = 'none found';
    yield RESCHEDULE;
    const { listed, isolated } = this.#pages();
    if (listed === 0 && isolated === 0) throw new KernelBugError('balloon pages are lost');
    if (listed > 0) this.lateNulls = 1;
    return NIL;
  }

  *#notify(place: Place): Task<number> {
    const freed = yield* this.#leak(place, this.batch);
    this.actual = this.numPages;
    return freed;
  }

  *#takeLock(place: Place): Task<void> {
    place.at = 'waiting for the lock';
    while (this.lock.held) yield { kind: 'MUTEX', mutex: this.lock };
    this.lock.held = true;
  }

  *#migrate(newPfn: number, oldPfn: number): Task<number> {
    if (this.lock.held) return -EAGAIN;
    this.lock.held = true;
    startBalloonMove(this.memory, this.device, newPfn, oldPfn);
    yield* this.#inflate([newPfn]);
    endBalloonMove(this.memory, oldPfn);
    yield* this.#deflate([oldPfn]);
    this.lock.held = false;
    return 0;
  }

  /** From the request on the pages are the host's. */
  *#inflate(pfns: readonly number[]): Task<void> {
    this.#request = [...pfns];
    this.ledger.inflate(pfns);
    yield HOST;
    this.#answer(pfns);
  }

  /** Up to the answer they still are. */
  *#deflate(pfns: readonly number[]): Task<void> {
    this.#request = [...pfns];
    this.ledger.askBack(pfns);
    yield HOST;
    this.#answer(pfns);
    this.ledger.giveBack(pfns);
  }

  #answer(pfns: readonly number[]): void {
    if (this.#request.join() !== pfns.join())
      this.ledger.problems.push(`the host answers for ${this.#request.join()}, it was asked for ${pfns.join()}`);
  }
}

/** Frames that somebody took and nobody gave back. */
export function strays(memory: Memory): string[] {
  const found: string[] = [];
  memory.tag.forEach((tag, pfn) => {
    const taken = tag >= TAG_COMPACT_FREE && tag < TAG_OWNER;
    if (taken || tag === TAG_ALLOCATED || tag === TAG_DEFLATED || tag === TAG_OWNER_ISOLATED)
      found.push(`pfn ${pfn} is lost (tag ${tag})`);
  });
  return found;
}

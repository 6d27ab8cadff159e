/**
 * The virtio balloon: device configuration and the driver's size work. One run of size work fills or leaks at most 256 units
 * of 4 KiB, tells the host once, writes `actual`, and runs again while it is not where the host wants it.
 * Source: drivers/virtio/virtio_balloon.c (fill_balloon, leak_balloon, update_balloon_size_func) and the virtio
 * specification, traditional memory balloon device, as described in the reference, sections 3.4 to 3.8.
 */
import {
  balloonPageAllocList,
  balloonPageDequeue,
  balloonPageListDequeue,
  balloonPageListEnqueue,
  balloonPages,
  discardPages,
  freePageList,
  isolatedPages,
  type Memory,
} from '#memory-core';
import { invariant } from '#units';
import type { BalloonCosts } from './balloon-costs.js';

/** Units of 4 KiB in one request to the host. */
export const ARRAY_PFNS_MAX = 256;

/** Requests to the host as they are sent; a test listens, a guest does not. */
export interface HostQueue {
  inflate(pfns: Int32Array, count: number): void;
  deflate(pfns: Int32Array, count: number): void;
  writeActual(units: number): void;
}

export interface BalloonState {
  /** Configuration space: what the host asks for. */
  targetUnits: number;
  /** Configuration space: what the driver last wrote. */
  actualUnits: number;
  /** Guest time of the next run of size work, in microseconds since tick 0. */
  nextRunUs: number;
  /** When a page moved last, or the target was set. */
  progressUs: number;
}

/** What the guest can do when the balloon finds no page: free up to so many and say how many it freed. */
export type GiveBack = (pages: number) => number;

export interface BalloonParts {
  /** The core's balloon device. */
  readonly device: number;
  readonly costs: BalloonCosts;
  /** Sleep after a failed allocation, timer granularity included. */
  readonly backOffUs: number;
  readonly giveBack?: GiveBack;
  readonly host?: HostQueue;
}

export class VirtioBalloon {
  /** Pages of one run: the driver's local list and its pfns array in one. */
  readonly #pfns = new Int32Array(ARRAY_PFNS_MAX);

  constructor(
    private readonly memory: Memory,
    private readonly parts: BalloonParts,
    readonly state: BalloonState,
  ) {}

  /** Pages in the balloon, isolated ones included; a unit of the device is one page. */
  get heldPages(): number {
    return balloonPages(this.memory, this.parts.device) + isolatedPages(this.memory, this.parts.device);
  }

  /** The host writes num_pages: size work is queued. */
  setTarget(units: number, nowUs: number): void {
    this.state.targetUnits = units;
    this.state.progressUs = nowUs;
    this.state.nextRunUs = Math.max(this.state.nextRunUs, nowUs);
  }

  /** Runs the size work that begins before `untilUs`. What a run costs may reach beyond. */
  runUntil(untilUs: number): void {
    const { state } = this;
    while (state.nextRunUs < untilUs && state.targetUnits !== this.heldPages) this.#runOnce();
  }

  #runOnce(): void {
    const { state } = this;
    const wanted = state.targetUnits - this.heldPages;
    const startUs = state.nextRunUs;
    const moved = wanted > 0 ? this.#fill(wanted) : this.#leak(-wanted);
    if (moved > 0) state.progressUs = state.nextRunUs;
    state.actualUnits = this.heldPages;
    this.parts.host?.writeActual(state.actualUnits);
    invariant(state.nextRunUs > startUs, 'a run of size work takes time');
  }

  /** Returns the units that were added; a short batch is sent too, and then the driver sleeps. */
  #fill(wanted: number): number {
    const asked = Math.min(wanted, ARRAY_PFNS_MAX);
    let got = balloonPageAllocList(this.memory, this.#pfns, asked);
    if (got < asked && (this.parts.giveBack?.(asked - got) ?? 0) > 0) {
      got += balloonPageAllocList(this.memory, this.#pfns.subarray(got), asked - got);
    }
    if (got > 0) {
      // The driver's list is a stack: the page allocated last is enqueued first and stands first in the request.
      this.#pfns.subarray(0, got).reverse();
      balloonPageListEnqueue(this.memory, this.parts.device, this.#pfns, got);
      this.parts.host?.inflate(this.#pfns, got);
      discardPages(this.memory, this.#pfns, got);
    }
    this.state.nextRunUs += got * this.parts.costs.inflatePageUs + (got < asked ? this.parts.backOffUs : 0);
    return got;
  }

  /** Returns the units that were released. Pages come back only after the host has acknowledged. */
  #leak(wanted: number): number {
    const asked = Math.min(wanted, ARRAY_PFNS_MAX);
    const got = balloonPageListDequeue(this.memory, this.parts.device, this.#pfns, asked);
    if (got === 0) {
      // Everything is isolated, or the pages are lost, which stops the kernel.
      balloonPageDequeue(this.memory, this.parts.device);
      this.state.nextRunUs += this.parts.costs.deflatePageUs;
      return 0;
    }
    this.parts.host?.deflate(this.#pfns, got);
    freePageList(this.memory, this.#pfns, got);
    this.state.nextRunUs += got * this.parts.costs.deflatePageUs;
    return got;
  }
}

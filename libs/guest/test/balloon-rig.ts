/** A booted memory with a balloon driver whose requests and writes to the configuration space are written down. */
import { createMemory, createOwner, growOwner, readUsage, shrinkOwner, vmstat } from '#memory-core';
import type { KernelProfile, Memory } from '#memory-core';
import { MIB } from '#units';
import { withoutPcp } from '../../memory-core/test/support/zone.js';
import { DEFAULT_BALLOON_COSTS, backOffUs } from '../src/balloon/balloon-costs.js';
import { probeBalloon, runDriver, setTarget } from '../src/balloon/virtio-balloon.js';
import type { VirtioBalloon } from '../src/balloon/virtio-balloon.js';

export interface RigOptions {
  readonly ramMib?: number;
  readonly profile?: KernelProfile;
  readonly deflateOnOom?: boolean;
  readonly pagesPerFrame?: number;
  /** Pages pass through per-CPU lists, as they do in a guest; without, each comes straight from the buddy. Default false. */
  readonly perCpuLists?: boolean;
  /** Called when the device gets a request. */
  readonly onRequest?: (memory: Memory, queue: 'INFLATE' | 'DEFLATE', pfns: readonly number[]) => void;
}

export class BalloonRig {
  readonly memory: Memory;
  readonly driver: VirtioBalloon;
  readonly requests: { readonly queue: 'INFLATE' | 'DEFLATE'; readonly pfns: readonly number[] }[] = [];
  /** Every write of `actual`, and when. */
  readonly actuals: { readonly pages: number; readonly atUs: number }[] = [];
  nowUs = 0;

  constructor(options: RigOptions = {}) {
    const { ramMib = 256, profile = '6.12', deflateOnOom = false, pagesPerFrame = 1, onRequest } = options;
    this.memory = createMemory({ ramBytes: ramMib * MIB, kernelProfile: profile });
    if (options.perCpuLists !== true) withoutPcp(this.memory);
    const driver = probeBalloon({
      memory: this.memory,
      deflateOnOom,
      costs: DEFAULT_BALLOON_COSTS,
      backOffUs: backOffUs(profile),
      reclaim: () => 0,
      pagesPerFrame,
    });
    if (driver === null) throw new Error('a memory with MEMORY_BALLOONING has a balloon');
    this.driver = driver;
    driver.device.observer = (queue, pfns) => {
      this.requests.push({ queue, pfns: [...pfns] });
      onRequest?.(this.memory, queue, [...pfns]);
    };
    let actualPages = 0;
    Object.defineProperty(driver.device, 'actualPages', {
      get: () => actualPages,
      set: (pages: number) => {
        actualPages = pages;
        this.actuals.push({ pages, atUs: driver.atUs });
      },
    });
  }

  /** The host asks for so many balloon pages. */
  ask(pages: number): this {
    setTarget(this.driver, pages, this.nowUs);
    return this;
  }

  /** Lets the driver run for `ms`. */
  run(ms: number): this {
    this.nowUs += ms * 1000;
    runDriver(this.driver, this.nowUs);
    return this;
  }

  /** Leaves the driver exactly `pages` to allocate: somebody else holds the rest. Returns that owner. */
  leave(pages: number): number {
    const owner = createOwner(this.memory, 'ANON');
    growOwner(this.memory, owner, readUsage(this.memory).freePages);
    shrinkOwner(this.memory, owner, pages, 'NEWEST');
    return owner;
  }

  /** Pages that nobody holds: free ones and those on per-CPU lists. */
  unheldPages(): number {
    const { freePages, perCpuPages } = readUsage(this.memory);
    return freePages + perCpuPages;
  }

  counter(name: string): number {
    return new Map(vmstat(this.memory)).get(name) ?? Number.NaN;
  }
}

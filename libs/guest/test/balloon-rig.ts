/** A booted memory with a balloon driver whose requests and writes to the configuration space are written down. */
import { createMemory, createOwner, growOwner, procText, readUsage, shrinkOwner, vmstat } from '#memory-core';
import type { KernelProfile, Memory } from '#memory-core';
import { MIB } from '#units';
import { ALLOC_WMARK_MIN, effectiveMark, pagesAboveMark } from '../../memory-core/src/allocator/watermark.js';
import { ZONE_MOVABLE } from '../../memory-core/src/layout/constants.js';
import { withoutPcp } from '../../memory-core/test/support/zone.js';
import { DEFAULT_BALLOON_COSTS, backOffUs } from '../src/balloon/balloon-costs.js';
import { BalloonFeature, type FreePageContent } from '../src/balloon/balloon-features.js';
import { runDriver, setTarget } from '../src/balloon/size-work.js';
import { probeBalloon } from '../src/balloon/virtio-balloon.js';
import type { VirtioBalloon } from '../src/balloon/virtio-balloon.js';

export interface RigOptions {
  readonly ramMib?: number;
  readonly profile?: KernelProfile;
  readonly deflateOnOom?: boolean;
  readonly pagesPerFrame?: number;
  /** Beside DEFLATE_ON_OOM. Default none. */
  readonly features?: number;
  readonly ringEntries?: number;
  readonly freePageContent?: FreePageContent;
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
    const { ramMib = 256, profile = '6.12', deflateOnOom = false, features = 0, pagesPerFrame = 1 } = options;
    this.memory = createMemory({ ramBytes: ramMib * MIB, kernelProfile: profile });
    if (options.perCpuLists !== true) withoutPcp(this.memory);
    const driver = probeBalloon({
      memory: this.memory,
      features: features | (deflateOnOom ? BalloonFeature.DEFLATE_ON_OOM : 0),
      costs: DEFAULT_BALLOON_COSTS,
      backOffUs: backOffUs(profile),
      pagesPerFrame,
      ...(options.ringEntries === undefined ? {} : { ringEntries: options.ringEntries }),
      ...(options.freePageContent === undefined ? {} : { freePageContent: options.freePageContent }),
    });
    if (driver === null) throw new Error('no balloon');
    this.driver = driver;
    driver.device.observer = (event) => {
      if (event.kind === 'ACTUAL') this.actuals.push({ pages: event.pages, atUs: driver.atUs });
      if (event.kind !== 'INFLATE' && event.kind !== 'DEFLATE') return;
      this.requests.push({ queue: event.kind, pfns: [...event.pfns] });
      options.onRequest?.(this.memory, event.kind, [...event.pfns]);
    };
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
    let available = 0;
    for (let zone = 0; zone < this.memory.zoneCount; zone++) {
      const mark = effectiveMark(this.memory, zone, ALLOC_WMARK_MIN);
      available += Math.max(0, pagesAboveMark(this.memory, zone, mark, ZONE_MOVABLE, 0));
    }
    growOwner(this.memory, owner, available - pages);
    return owner;
  }

  /** Somebody uses all memory there is, and gives it back. */
  touchAndFreeAll(): void {
    shrinkOwner(this.memory, this.leave(0), readUsage(this.memory).totalPages, 'NEWEST');
  }

  /** Pages that nobody holds: free ones and those on per-CPU lists. */
  unheldPages(): number {
    const { freePages, perCpuPages } = readUsage(this.memory);
    return freePages + perCpuPages;
  }

  /** /proc/meminfo. */
  meminfo(): string {
    return procText(this.memory, 'MEMINFO');
  }

  counter(name: string): number {
    return new Map(vmstat(this.memory)).get(name) ?? Number.NaN;
  }
}

/**
 * A container's memory, used by address: runs of 64 KiB, each of which is used as often as the class that was drawn for it says.
 * What is not in memory is a fault: programs' memory comes from swap, mapped files from disk.
 */
import { GAP_SEC, type AccessMix } from '#guest';
import { createMapping, ownerPages, touchRange, type Memory } from '#memory-core';
import { RandomStream } from '#units';

const RUN_PAGES = 16;
const CLASSES = ['hot', 'warm', 'cool', 'frozen'] as const;

interface Part {
  readonly owner: number;
  /** Of each run: mean time between two uses. */
  readonly gapsSec: Float64Array;
}

/** What was waited for. */
export interface Waits {
  readonly swapIns: number;
  /** A run of a file comes in one go. */
  readonly fileReads: number;
}

export interface ContainerPlan {
  readonly anonPages: number;
  readonly filePages: number;
  readonly mix: AccessMix;
  readonly seed: number;
}

export class Container {
  readonly #random: RandomStream;
  readonly #anon: Part;
  readonly #files: Part;

  /** Starts with all of its pages in memory. */
  constructor(
    readonly memory: Memory,
    { anonPages, filePages, mix, seed }: ContainerPlan,
  ) {
    this.#random = RandomStream.of(seed, 'container');
    this.#anon = this.#start('ANON', anonPages, mix);
    this.#files = this.#start('FILE', filePages, mix);
  }

  get residentPages(): number {
    return ownerPages(this.memory, this.#anon.owner) + ownerPages(this.memory, this.#files.owner);
  }

  /** It is at work for so long: every run that comes to be used is, once. */
  work(seconds: number): Waits {
    let swapIns = 0;
    let fileReads = 0;
    this.#use(this.#anon, seconds, ({ majorFaults }) => (swapIns += majorFaults));
    this.#use(this.#files, seconds, ({ cameIn }) => (fileReads += cameIn ? 1 : 0));
    return { swapIns, fileReads };
  }

  #start(kind: 'ANON' | 'FILE', pages: number, mix: AccessMix): Part {
    const runs = Math.floor(pages / RUN_PAGES);
    const owner = createMapping(this.memory, { pages: runs * RUN_PAGES, kind });
    touchRange(this.memory, owner, 0, runs * RUN_PAGES, true);
    return { owner, gapsSec: Float64Array.from({ length: runs }, () => this.#drawGapSec(mix)) };
  }

  #drawGapSec(mix: AccessMix): number {
    const luck = this.#random.nextFloat();
    let upTo = 0;
    for (const name of CLASSES) {
      upTo += mix[name];
      if (luck < upTo) return GAP_SEC[name];
    }
    return GAP_SEC.frozen;
  }

  #use(
    { owner, gapsSec }: Part,
    seconds: number,
    onUse: (use: { readonly majorFaults: number; readonly cameIn: boolean }) => void,
  ): void {
    const { memory } = this;
    for (const [run, gapSec] of gapsSec.entries()) {
      if (this.#random.nextFloat() >= 1 - Math.exp(-seconds / gapSec)) continue;
      const before = ownerPages(memory, owner);
      const { majorFaults } = touchRange(memory, owner, run * RUN_PAGES, RUN_PAGES, false);
      onUse({ majorFaults, cameIn: ownerPages(memory, owner) > before });
    }
  }
}

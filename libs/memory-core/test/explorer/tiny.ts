/**
 * Memories small enough to be run through every interleaving: a few dozen frames on both sides of one whole free pageblock.
 * The one between is what compaction needs to work at all (the pageblock after the one it empties is no target), and it is
 * scanned in one step.
 */
import { MAX_BALLOON_DEVICES, TAG_BALLOON } from '../../src/layout/tags.js';
import { PAGEBLOCK_PAGES, ZONE_MOVABLE, ZONE_NORMAL } from '../../src/layout/constants.js';
import { allocateMemory, balloonListNode } from '../../src/layout/memory.js';
import type { Memory } from '../../src/layout/memory.js';
import type { KernelProfile } from '../../src/layout/profile.js';
import { zonesOf } from '../support/zone.js';
import type { ZoneSpec } from '../support/zone.js';

export interface TinyOptions {
  readonly kernelProfile?: KernelProfile;
  readonly balloonCompaction?: boolean;
  /** Frames on each side of the whole pageblock; default 32. */
  readonly pagesPerBlock?: number;
  /** A second zone of the same shape: Movable, which balloon pages prefer. */
  readonly movableZone?: boolean;
  /** Keep the per-CPU lists. */
  readonly pcp?: boolean;
}

/** A zone of the top of one pageblock, the next one, and the bottom of a third: all free and movable, watermarks 0. */
export function tinyMemory(options: TinyOptions = {}): Memory {
  const { pagesPerBlock = 32, movableZone = false, ...machine } = options;
  const around = (block: number, type: number): ZoneSpec => ({
    pages: PAGEBLOCK_PAGES + 2 * pagesPerBlock,
    type,
    startPfn: block * PAGEBLOCK_PAGES - pagesPerBlock,
  });
  const zones = [around(1, ZONE_NORMAL)];
  if (movableZone) zones.push(around(4, ZONE_MOVABLE));
  return zonesOf(zones, machine);
}

/** The same memory once more. */
export function copyMemory(memory: Memory): Memory {
  const copy = allocateMemory(memory.config);
  new Uint8Array(copy.buffer).set(new Uint8Array(memory.buffer));
  return copy;
}

/** Pages on a balloon device's list, head first. */
export function listedPages(memory: Memory, device: number): number[] {
  const sentinel = balloonListNode(memory, device);
  const pfns: number[] = [];
  for (let pfn = memory.links[2 * sentinel]; pfn !== sentinel; pfn = memory.links[2 * pfn]) pfns.push(pfn);
  return pfns;
}

/** Frames that any balloon device lists. */
export function balloonFrames(memory: Memory): number[] {
  const frames: number[] = [];
  memory.tag.forEach((tag, pfn) => {
    if (tag >= TAG_BALLOON && tag < TAG_BALLOON + MAX_BALLOON_DEVICES) frames.push(pfn);
  });
  return frames;
}

/** A recorded page map: one letter a frame, as runs such as `.3808 R7025 A143 B`. */
import type { RecordedZone } from './recording.js';
import { FRAME_USES, type FrameUse } from '#memory-core';

const USE_OF_LETTER: Readonly<Record<string, FrameUse>> = {
  '.': 'FREE',
  A: 'ANON',
  H: 'ANON',
  // The recorder's root is a tmpfs: file pages at boot are shared memory, which lies on the lists of anonymous pages.
  F: 'ANON',
  S: 'SLAB',
  P: 'PAGE_TABLE',
  R: 'RESERVED',
  c: 'KERNEL',
  o: 'KERNEL',
  B: 'HELD',
  '-': 'HOLE',
};

export interface FrameRun {
  readonly letter: string;
  readonly startPfn: number;
  readonly pages: number;
}

/** Throws RangeError at what is no run. */
export function parseRuns(rle: string): FrameRun[] {
  const runs: FrameRun[] = [];
  let startPfn = 0;
  for (const [, letter = '', count, rest] of rle.matchAll(/([.A-Za-z-])(\d*)|(\S)/g)) {
    if (rest !== undefined) throw new RangeError(`a page map has no letter ${JSON.stringify(rest)}`);
    const pages = count === '' ? 1 : Number(count);
    runs.push({ letter, startPfn, pages });
    startPfn += pages;
  }
  return runs;
}

/** Uses by frame, as indexes into FRAME_USES. Frames after the map's end are holes. */
export function framesOf(runs: readonly FrameRun[], frameCount: number): Uint8Array {
  const frames = new Uint8Array(frameCount).fill(FRAME_USES.indexOf('HOLE'));
  for (const { letter, startPfn, pages } of runs) {
    const use = USE_OF_LETTER[letter];
    if (use === undefined) throw new RangeError(`a page map has no letter ${JSON.stringify(letter)}`);
    frames.fill(FRAME_USES.indexOf(use), startPfn, startPfn + pages);
  }
  return frames;
}

export interface ZonePlace {
  /** As zoneinfo calls it: DMA32, N1.DMA32 … */
  readonly name: string;
  readonly node: number;
  readonly type: number;
  readonly startPfn: number;
  readonly endPfn: number;
  readonly recorded: RecordedZone;
}

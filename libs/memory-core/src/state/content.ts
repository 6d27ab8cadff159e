/**
 * The content of a memory as a canonical stream of 32-bit words: equal memories give equal streams, whatever happened to
 * them before. A snapshot stores the stream, a digest hashes it. Words are little-endian where they leave the process.
 *
 * Stale data is left out: links of frames that are on no list count as 0. Of each pair only the next node is kept, since it
 * determines the previous one. Links are written as distances, which makes runs of neighbours the same word over and over.
 *
 *   1. the fixed part of the buffer, as it is
 *   2. next of the pageblock nodes and the sentinels
 *   3. for each 1024 frames: tags (256 words), owners' lists (2 × 32 words) and links (1024 words), left out when all tags are 0;
 *      backing bits (32 words), left out when all are 0
 */
import { PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { BLOCK_HUGE } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { TAG_FREE_HEAD, TAG_OWNER, TAG_PCP_BLOCK, TAG_PCP_LINKED, isBalloonTag } from '../layout/tags.js';

export const CHUNK_FRAMES = 1024;
export const TAG_WORDS = CHUNK_FRAMES / 4;
export const BACKING_WORDS = CHUNK_FRAMES / 32;
/** Of each of the two bits that say which list a page is on. */
const LIST_WORDS = CHUNK_FRAMES / 32;
export const FRAME_WORDS = TAG_WORDS + 2 * LIST_WORDS + CHUNK_FRAMES;

/** 1 for tags of frames that are on a list, but for all of a huge page but its first. */
const IS_LINKED = new Uint8Array(256);
for (let tag = 0; tag < 256; tag++) {
  const freeHead = tag >= TAG_FREE_HEAD && tag < TAG_FREE_HEAD + PAGEBLOCK_ORDER;
  const pcp = tag === TAG_PCP_LINKED || (tag >= TAG_PCP_BLOCK && tag <= TAG_PCP_BLOCK + PAGEBLOCK_ORDER);
  IS_LINKED[tag] = freeHead || pcp || tag >= TAG_OWNER || isBalloonTag(tag) ? 1 : 0;
}

/** The tag column as words. */
export function tagWords(memory: Memory): Int32Array {
  return new Int32Array(memory.buffer, memory.tag.byteOffset, memory.spanPages / 4);
}

/** The fixed part as words. */
export function fixedWords(memory: Memory): Int32Array {
  return new Int32Array(memory.buffer, 0, memory.fixedBytes / 4);
}

/** The backing bits as signed words. */
export function backingWords(memory: Memory): Int32Array {
  return new Int32Array(memory.buffer, memory.backed.byteOffset, memory.spanPages / 32);
}

/** Words of the second part, padded to a multiple of four. */
export function nodeWordCount(memory: Memory): number {
  return Math.ceil((memory.links.length / 2 - memory.spanPages) / 4) * 4;
}

/** Distances to the next node, 0 for pageblocks that head no free block. */
export function readNodeWords(memory: Memory, words: Int32Array, at: number): void {
  const { links, blockFree, spanPages, blockCount } = memory;
  for (let index = 0; index < links.length / 2 - spanPages; index++) {
    const node = spanPages + index;
    words[at + index] = index < blockCount && blockFree[index] === 0 ? 0 : links[2 * node] - node;
  }
}

/** Inverse of readNodeWords; sets the previous nodes as well. */
export function writeNodeWords(memory: Memory, words: Int32Array, at: number): void {
  const { links, blockFree, spanPages, blockCount } = memory;
  for (let index = 0; index < links.length / 2 - spanPages; index++) {
    if (index < blockCount && blockFree[index] === 0) continue;
    const node = spanPages + index;
    const after = node + words[at + index];
    links[2 * node] = after;
    links[2 * after + 1] = node;
  }
}

/** Tags, lists and links of one chunk. */
export function readFrameWords(memory: Memory, tags: Int32Array, chunk: number, words: Int32Array, at: number): void {
  const { tag, links } = memory;
  const first = chunk * CHUNK_FRAMES;
  words.set(tags.subarray(chunk * TAG_WORDS, (chunk + 1) * TAG_WORDS), at);
  readLists(memory, chunk, words, at + TAG_WORDS);
  const base = at + TAG_WORDS + 2 * LIST_WORDS - first;
  for (let block = first; block < first + CHUNK_FRAMES; block += PAGEBLOCK_PAGES) {
    const nodes = nodesOf(memory, block);
    for (let pfn = block; pfn < block + nodes; pfn++) {
      words[base + pfn] = IS_LINKED[tag[pfn]] === 1 ? links[2 * pfn] - pfn : 0;
    }
    words.fill(0, base + block + nodes, base + block + PAGEBLOCK_PAGES);
  }
}

/** Frames of the pageblock that may be on a list by themselves: a huge page is one node. */
function nodesOf({ blockFlags }: Memory, startPfn: number): number {
  return (blockFlags[startPfn >> PAGEBLOCK_ORDER] & BLOCK_HUGE) === 0 ? PAGEBLOCK_PAGES : 1;
}

/** Inverse of readFrameWords; sets the previous nodes as well. */
export function writeFrameWords(memory: Memory, tags: Int32Array, chunk: number, words: Int32Array, at: number): void {
  const { tag, links } = memory;
  const first = chunk * CHUNK_FRAMES;
  tags.set(words.subarray(at, at + TAG_WORDS), chunk * TAG_WORDS);
  writeLists(memory, chunk, words, at + TAG_WORDS);
  const base = at + TAG_WORDS + 2 * LIST_WORDS - first;
  for (let block = first; block < first + CHUNK_FRAMES; block += PAGEBLOCK_PAGES) {
    const end = block + nodesOf(memory, block);
    for (let pfn = block; pfn < end; pfn++) {
      if (IS_LINKED[tag[pfn]] === 0) continue;
      const after = pfn + words[base + pfn];
      links[2 * pfn] = after;
      links[2 * after + 1] = pfn;
    }
  }
}

function readLists({ listLow, listHigh }: Memory, chunk: number, words: Int32Array, at: number): void {
  const first = chunk * LIST_WORDS;
  words.set(listLow.subarray(first, first + LIST_WORDS), at);
  words.set(listHigh.subarray(first, first + LIST_WORDS), at + LIST_WORDS);
}

function writeLists({ listLow, listHigh }: Memory, chunk: number, words: Int32Array, at: number): void {
  listLow.set(words.subarray(at, at + LIST_WORDS), chunk * LIST_WORDS);
  listHigh.set(words.subarray(at + LIST_WORDS, at + 2 * LIST_WORDS), chunk * LIST_WORDS);
}

export function anyWord(words: Int32Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (words[at] !== 0) return true;
  return false;
}

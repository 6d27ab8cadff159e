/**
 * A memory as bytes and back. Layout, all words little-endian:
 *
 *   word 0        magic 'BLMC'
 *   word 1        format version
 *   word 2        bytes of the whole snapshot
 *   word 3        bytes of the configuration text (ASCII JSON, padded to 16 bytes)
 *   word 4 … 7    spanPages, blockCount, fixed bytes, node words
 *   word 8 … 11   digest
 *   word 12 … 15  zero
 *   configuration, presence bytes of the chunks (1: frames, 2: backing; padded), then the stream of content.ts
 */
import { WordHash, wordsToHex } from './digest.js';
import {
  BACKING_WORDS,
  CHUNK_FRAMES,
  FRAME_WORDS,
  TAG_WORDS,
  anyWord,
  backingWords,
  fixedWords,
  nodeWordCount,
  readFrameWords,
  readNodeWords,
  tagWords,
  writeFrameWords,
  writeNodeWords,
} from './content.js';
import { parseConfig } from '../layout/memory-config.js';
import { allocateMemory, layZonelists } from '../layout/memory.js';
import type { Memory, MemoryConfig } from '../layout/memory.js';
import { SnapshotError } from './snapshot-error.js';

const MAGIC = 0x434d4c42;
const FORMAT_VERSION = 3;
const HEADER_WORDS = 16;
const DIGEST_AT = 8;
const HAS_FRAMES = 1;
const HAS_BACKING = 2;

/** 32 hexadecimal digits that are equal for equal memories on every machine. Cost: one pass over the frames in use. */
export function digestMemory(memory: Memory): string {
  return wordsToHex(digestWords(memory));
}

/** The whole state. Idle memory takes a few bytes a MiB; other memory at most 5.5 bytes a page before compression. */
export function snapshotMemory(memory: Memory): Uint8Array {
  const configText = JSON.stringify(memory.config);
  const presence = presenceOf(memory);
  const configWords = paddedWords(configText.length);
  const nodeWords = nodeWordCount(memory);
  let total = HEADER_WORDS + configWords + paddedWords(presence.length) + memory.fixedBytes / 4 + nodeWords;
  for (const parts of presence) total += wordsOfParts(parts);

  const words = new Int32Array(total);
  const bytes = new Uint8Array(words.buffer);
  words.set([MAGIC, FORMAT_VERSION, total * 4, configText.length, memory.spanPages, memory.blockCount]);
  words.set([memory.fixedBytes, nodeWords], 6);
  words.set(digestWords(memory), DIGEST_AT);
  let at = HEADER_WORDS;
  for (let index = 0; index < configText.length; index++) bytes[at * 4 + index] = configText.charCodeAt(index);
  at += configWords;
  bytes.set(presence, at * 4);
  at += paddedWords(presence.length);
  words.set(fixedWords(memory), at);
  at += memory.fixedBytes / 4;
  readNodeWords(memory, words, at);
  at += nodeWords;

  const tags = tagWords(memory);
  const backing = backingWords(memory);
  for (let chunk = 0; chunk < presence.length; chunk++) {
    if ((presence[chunk] & HAS_FRAMES) !== 0) {
      readFrameWords(memory, tags, chunk, words, at);
      at += FRAME_WORDS;
    }
    if ((presence[chunk] & HAS_BACKING) !== 0) {
      words.set(backing.subarray(chunk * BACKING_WORDS, (chunk + 1) * BACKING_WORDS), at);
      at += BACKING_WORDS;
    }
  }
  return bytes;
}

/** Inverse of snapshotMemory. Throws SnapshotError, saying what is wrong, on anything else. */
export function restoreMemory(snapshot: Uint8Array): Memory {
  const words = wordsOf(snapshot);
  const memory = allocateMemory(readConfig(words, snapshot));
  checkSizes(words, memory);

  let at = HEADER_WORDS + paddedWords(words[3]);
  const chunks = memory.spanPages / CHUNK_FRAMES;
  const presence = snapshot.subarray(at * 4, at * 4 + chunks);
  at += paddedWords(chunks);
  let needed = at + memory.fixedBytes / 4 + words[7];
  for (const parts of presence) needed += wordsOfParts(parts);
  if (needed !== words.length)
    throw new SnapshotError(`its chunks need ${needed * 4} bytes, it has ${words.length * 4}`);

  fixedWords(memory).set(words.subarray(at, at + memory.fixedBytes / 4));
  at += memory.fixedBytes / 4;
  writeNodeWords(memory, words, at);
  at += words[7];
  const tags = tagWords(memory);
  const backing = backingWords(memory);
  for (let chunk = 0; chunk < chunks; chunk++) {
    if ((presence[chunk] & HAS_FRAMES) !== 0) {
      writeFrameWords(memory, tags, chunk, words, at);
      at += FRAME_WORDS;
    }
    if ((presence[chunk] & HAS_BACKING) !== 0) {
      backing.set(words.subarray(at, at + BACKING_WORDS), chunk * BACKING_WORDS);
      at += BACKING_WORDS;
    }
  }
  layZonelists(memory);
  const expected = wordsToHex(words.subarray(DIGEST_AT, DIGEST_AT + 4));
  const digest = digestMemory(memory);
  if (digest !== expected) throw new SnapshotError(`its digest is ${expected}, its content gives ${digest}`);
  return memory;
}

function digestWords(memory: Memory): Int32Array {
  const hash = new WordHash();
  const configText = JSON.stringify(memory.config);
  const scratch = new Int32Array(Math.max(FRAME_WORDS, nodeWordCount(memory), paddedWords(configText.length)));
  for (let index = 0; index < configText.length; index++)
    scratch[index >> 2] += configText.charCodeAt(index) << ((index & 3) * 8);
  hash.update(scratch, 0, paddedWords(configText.length));
  const fixed = fixedWords(memory);
  const whole = fixed.length & ~3;
  hash.update(fixed, 0, whole);
  scratch.fill(0);
  scratch.set(fixed.subarray(whole));
  hash.update(scratch, 0, 4);
  scratch.fill(0);
  readNodeWords(memory, scratch, 0);
  hash.update(scratch, 0, nodeWordCount(memory));

  const tags = tagWords(memory);
  const backing = backingWords(memory);
  for (let chunk = 0; chunk < memory.spanPages / CHUNK_FRAMES; chunk++) {
    const parts = partsOf(tags, backing, chunk);
    if (parts === 0) continue;
    scratch.fill(chunk * 4 + parts, 0, 4);
    hash.update(scratch, 0, 4);
    if ((parts & HAS_FRAMES) !== 0) {
      readFrameWords(memory, tags, chunk, scratch, 0);
      hash.update(scratch, 0, FRAME_WORDS);
    }
    if ((parts & HAS_BACKING) !== 0) hash.update(backing, chunk * BACKING_WORDS, (chunk + 1) * BACKING_WORDS);
  }
  return hash.finish();
}

function presenceOf(memory: Memory): Uint8Array {
  const tags = tagWords(memory);
  const backing = backingWords(memory);
  const presence = new Uint8Array(memory.spanPages / CHUNK_FRAMES);
  for (let chunk = 0; chunk < presence.length; chunk++) presence[chunk] = partsOf(tags, backing, chunk);
  return presence;
}

function partsOf(tags: Int32Array, backing: Int32Array, chunk: number): number {
  const frames = anyWord(tags, chunk * TAG_WORDS, (chunk + 1) * TAG_WORDS) ? HAS_FRAMES : 0;
  return frames | (anyWord(backing, chunk * BACKING_WORDS, (chunk + 1) * BACKING_WORDS) ? HAS_BACKING : 0);
}

function wordsOfParts(parts: number): number {
  return ((parts & HAS_FRAMES) !== 0 ? FRAME_WORDS : 0) + ((parts & HAS_BACKING) !== 0 ? BACKING_WORDS : 0);
}

/** Words that hold `bytes` bytes, in steps of 16 bytes. */
function paddedWords(bytes: number): number {
  return Math.ceil(bytes / 16) * 4;
}

/** The snapshot as words; copies it when it does not lie on a word boundary of its buffer. */
function wordsOf(snapshot: Uint8Array): Int32Array {
  if (snapshot.length < HEADER_WORDS * 4 || snapshot.length % 4 !== 0) {
    throw new SnapshotError(`a length of ${snapshot.length} bytes cannot be right`);
  }
  const aligned = snapshot.byteOffset % 4 === 0 ? snapshot : new Uint8Array(snapshot);
  const words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
  if (words[0] !== MAGIC) throw new SnapshotError('it does not start with the magic BLMC');
  if (words[1] !== FORMAT_VERSION)
    throw new SnapshotError(`version ${words[1]}, but only ${FORMAT_VERSION} can be read`);
  if (words[2] !== snapshot.length)
    throw new SnapshotError(`it says it is ${words[2]} bytes long, it is ${snapshot.length}`);
  return words;
}

function readConfig(words: Int32Array, snapshot: Uint8Array): MemoryConfig {
  const length = words[3];
  if (length <= 0 || HEADER_WORDS * 4 + length > snapshot.length) {
    throw new SnapshotError(`a configuration of ${length} bytes cannot be right`);
  }
  let text = '';
  for (const code of snapshot.subarray(HEADER_WORDS * 4, HEADER_WORDS * 4 + length)) text += String.fromCharCode(code);
  try {
    return parseConfig(text);
  } catch (error) {
    throw error instanceof RangeError ? new SnapshotError(error.message) : error;
  }
}

function checkSizes(words: Int32Array, memory: Memory): void {
  const expected = [memory.spanPages, memory.blockCount, memory.fixedBytes, nodeWordCount(memory)];
  const names = ['spanPages', 'blockCount', 'fixedBytes', 'nodeWords'];
  expected.forEach((value, index) => {
    if (words[4 + index] === value) return;
    throw new SnapshotError(`${names[index]} is ${words[4 + index]}, its configuration asks for ${value}`);
  });
}

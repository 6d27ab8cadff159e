import { describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import {
  balloonPageAllocList,
  balloonPageListDequeue,
  balloonPageListEnqueue,
  createBalloonDevice,
} from '../balloon/balloon.js';
import { createMemory } from '../boot/create.js';
import { discardPages } from '../host/backing.js';
import { freePageList } from '../allocator/free.js';
import type { Memory } from '../layout/memory.js';
import { collapsePages } from '../owners/collapse.js';
import { growOwnerHuge } from '../owners/huge-page.js';
import { createOwner, growOwner, shrinkOwner } from '../owners/owner.js';
import { digestMemory, restoreMemory, snapshotMemory } from './snapshot.js';
import { SnapshotError } from './snapshot-error.js';
import { expectSound } from '../../test/support/zone.js';

const GIB = 2 ** 30;

/** A guest that has lived a little: owners grown and shrunk, a balloon inflated and half deflated. */
function livedIn(ramBytes: number): Memory {
  const memory = createMemory({ ramBytes });
  const pages = ramBytes / 4096;
  const [anon, file] = [createOwner(memory, 'ANON'), createOwner(memory, 'FILE')];
  for (let round = 0; round < 20; round++) {
    growOwner(memory, anon, Math.floor(pages / 50));
    growOwner(memory, file, Math.floor(pages / 100));
    shrinkOwner(memory, anon, Math.floor(pages / 150), 'OLDEST');
    shrinkOwner(memory, file, Math.floor(pages / 300), 'NEWEST');
  }
  const device = createBalloonDevice(memory, true);
  const pfns = new Int32Array(Math.floor(pages / 8));
  const got = balloonPageAllocList(memory, pfns, pfns.length);
  balloonPageListEnqueue(memory, device, pfns, got);
  discardPages(memory, pfns, got);
  freePageList(memory, pfns, balloonPageListDequeue(memory, device, pfns, got >> 1));
  return memory;
}

function goOn(memory: Memory): string {
  const owner = createOwner(memory, 'SLAB_RECLAIMABLE');
  growOwner(memory, owner, 3000);
  shrinkOwner(memory, 0, 777, 'OLDEST');
  shrinkOwner(memory, owner, 1234, 'NEWEST');
  return digestMemory(memory);
}

describe('snapshot', () => {
  it('restores to the same digest, a sound memory and the same future', () => {
    const memory = livedIn(GIB / 2);
    const restored = restoreMemory(snapshotMemory(memory));
    expect(digestMemory(restored)).toBe(digestMemory(memory));
    expect(snapshotMemory(restored)).toEqual(snapshotMemory(memory));
    expectSound(restored);
    expect(goOn(restored)).toBe(goOn(memory));
  });

  it('leaves out what the links of a huge page were before it was one, and restores huge pages without a scar', () => {
    const memory = livedIn(GIB / 4);
    const program = createOwner(memory, 'ANON');
    while (growOwnerHuge(memory, program));
    shrinkOwner(memory, program, 1000, 'OLDEST');
    const restored = restoreMemory(snapshotMemory(memory));
    expectSound(restored);
    for (const one of [memory, restored]) {
      shrinkOwner(one, 0, 9000, 'OLDEST');
      while (growOwnerHuge(one, program));
      while (collapsePages(one, 0) === 'COLLAPSED');
    }
    expectSound(restored);
    expect(digestMemory(restored)).toBe(digestMemory(memory));
    expect(goOn(restored)).toBe(goOn(memory));
  });

  it('two guests with the same history are equal, and one page makes a difference', () => {
    const [one, other] = [livedIn(GIB / 4), livedIn(GIB / 4)];
    expect(digestMemory(one)).toBe(digestMemory(other));
    shrinkOwner(one, 0, 1, 'OLDEST');
    expect(digestMemory(one)).not.toBe(digestMemory(other));
  });

  it('has the digest it had when it was written down', () => {
    expect(digestMemory(livedIn(GIB / 4))).toMatchInlineSnapshot(`"526bbb448516306333c1510063c029fa"`);
  });

  it('is small for an idle guest and compresses well for a busy one', () => {
    expect(snapshotMemory(createMemory({ ramBytes: 16 * GIB })).length).toBeLessThan(1_500_000);
    expect(gzipSync(snapshotMemory(createMemory({ ramBytes: 16 * GIB }))).length).toBeLessThan(20_000);
    expect(gzipSync(snapshotMemory(livedIn(4 * GIB))).length).toBeLessThan(2 ** 21);
  });

  it('can be read from any position of a larger buffer', () => {
    const memory = livedIn(GIB / 4);
    const bytes = snapshotMemory(memory);
    const larger = new Uint8Array(bytes.length + 3);
    larger.set(bytes, 3);
    expect(digestMemory(restoreMemory(larger.subarray(3)))).toBe(digestMemory(memory));
  });

  const bytes = snapshotMemory(createMemory({ ramBytes: GIB / 4 }));
  const withWord = (word: number, value: number): Uint8Array => {
    const copy = bytes.slice();
    new DataView(copy.buffer).setInt32(word * 4, value, true);
    return copy;
  };
  const withConfig = (from: string, to: string): Uint8Array => {
    const text = String.fromCharCode(...bytes.subarray(64, 1200));
    const at = text.indexOf(from);
    const copy = bytes.slice();
    for (let index = 0; index < to.length; index++) copy[64 + at + index] = to.charCodeAt(index);
    return copy;
  };

  it.each([
    ['nothing', new Uint8Array(0), 'a length of 0 bytes'],
    ['noise', new Uint8Array(4096).fill(7), 'magic BLMC'],
    ['another version', withWord(1, 99), 'version 99, but only 3'],
    ['a wrong length', withWord(2, 5), 'says it is 5 bytes long'],
    ['a truncated body', bytes.slice(0, 1600), 'it is 1600'],
    ['a wrong configuration length', withWord(3, -1), 'a configuration of -1 bytes'],
    ['an unknown profile', withConfig('6.12', '6.99'), 'kernelProfile must be one of'],
    ['a configuration that is no JSON', withConfig('{', '['), 'not JSON'],
    ['a flag that is none', withConfig('true', '1234'), 'memoryBallooning must be true or false'],
    ['zones in disorder', withConfig('"endPfn":4096', '"endPfn":9999'), 'zones must ascend'],
    ['other sizes', withWord(4, 1024), 'spanPages is 1024, its configuration asks for 65536'],
    ['another node count', withWord(7, 8), 'nodeWords is 8'],
    ['a wrong digest', withWord(8, 1), 'its digest is'],
    ['a changed byte', withWord(400, 123_456), 'its content gives'],
  ])('refuses %s', (_, broken, message) => {
    expect(() => restoreMemory(broken)).toThrow(SnapshotError);
    expect(() => restoreMemory(broken)).toThrow(message);
  });
});

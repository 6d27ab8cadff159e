/** What a process of the recorded guest takes besides what it maps, and what its end does to the per-CPU lists. */
import { describe, expect, it } from '@jest/globals';
import { createMemory, createOwner, destroyOwner, growOwner, readUsage, type KernelProfile } from '#memory-core';
import { endProcess, startProcess } from '../src/processes.js';

const RAM_BYTES = 256 * 2 ** 20;

/** Pages on the CPU's lists before a process is there, and when it has gone after 30,000 pages of its own. */
function listedAround(kernelProfile: KernelProfile): { before: number; after: number; lost: number } {
  const memory = createMemory({ ramBytes: RAM_BYTES, kernelProfile });
  const { perCpuPages: before, freePages } = readUsage(memory);
  const worker = startProcess(memory, 32);
  const mapped = createOwner(memory, 'ANON');
  growOwner(memory, mapped, 30_000);
  endProcess(memory, worker, () => {
    destroyOwner(memory, mapped);
  });
  const { perCpuPages: after, freePages: freeAfter } = readUsage(memory);
  return { before, after, lost: before + freePages - after - freeAfter };
}

describe('processes', () => {
  // Recorded on 6.1: one page is left on the lists when a worker has gone, however many there were.
  it('leave empty per-CPU lists before 6.7, where a freed block of two pages empties them', () => {
    const { after, lost } = listedAround('6.1');
    expect({ after, lost }).toEqual({ after: 0, lost: 0 });
  });

  it('leave what they freed last on the lists from 6.7 on', () => {
    const { before, after, lost } = listedAround('6.12');
    expect(lost).toBe(0);
    expect(after).toBeGreaterThan(before);
  });
});

import { describe, expect, it } from '@jest/globals';
import { auditMemory, createMemory, createOwner, growOwner, ownerPages } from '#memory-core';
import { MIB } from '#units';
import { offline, online } from './memory-block.js';

const boot = () => createMemory({ ramBytes: 512 * MIB });

describe('a memory block on request', () => {
  it('goes offline with its pages moved elsewhere, and comes back', () => {
    const memory = boot();
    const owner = createOwner(memory, 'ANON');
    growOwner(memory, owner, 60_000);
    const answer = offline(memory, 2);
    expect(answer).toMatchObject({ outcome: 'DONE', result: { balloonMigratedPages: 0 } });
    expect(answer?.reason).toMatch(/^memory block 2 is offline; \d+ pages moved, 0 of them the balloon's$/);
    expect(ownerPages(memory, owner)).toBe(60_000);
    expect(auditMemory(memory)).toEqual([]);
    const back = online(memory, 2);
    const grown = (back.result?.['totalBytes'] as number) - (answer?.result?.['totalBytes'] as number);
    expect([back.outcome, back.reason, grown]).toEqual(['DONE', 'memory block 2 is online', 128 * MIB]);
    expect(auditMemory(memory)).toEqual([]);
  });

  it('is tried again while there is no room', () => {
    const memory = boot();
    growOwner(memory, createOwner(memory, 'ANON'), 105_000);
    expect(offline(memory, 2)).toBeNull();
    expect(auditMemory(memory)).toEqual([]);
  });

  it('is refused with the kernel’s error and what would be accepted', () => {
    const memory = boot();
    growOwner(memory, createOwner(memory, 'SLAB_UNRECLAIMABLE'), 90_000);
    expect(offline(memory, 1)).toEqual({
      outcome: 'REFUSED',
      reason: 'EBUSY: memory block 1 has pages that cannot be moved',
      result: { errno: 'EBUSY' },
    });
    expect(offline(memory, 0)?.reason).toBe(
      'EINVAL: memory block 0 is not one that is online, without holes and in one zone; those are 1, 2',
    );
    expect(online(memory, 1).reason).toBe(
      'EINVAL: memory block 1 is not one that is offline, without holes and in one zone; none is',
    );
  });
});

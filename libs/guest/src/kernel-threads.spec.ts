import { describe, expect, it } from '@jest/globals';
import { auditMemory, createOwner, destroyOwner, freePagesOf, growOwner } from '#memory-core';
import { MIB } from '#units';
import type { GuestOptions } from './guest-options.js';
import type { GuestReading } from './guest-reading.js';
import { Guest } from './guest.js';
import { PLAIN_GUEST } from '../test/plain-guest.js';

const OPTIONS: GuestOptions = {
  ...PLAIN_GUEST,
  assignedBytes: 512 * MIB,
};

const counter = (guest: Guest, name: string): number => new Map(guest.vmstat()).get(name) ?? Number.NaN;
const largeBlocks = ({ zones }: GuestReading): number =>
  zones.reduce((sum, { nrFree }) => sum + (nrFree[9] ?? 0) + (nrFree[10] ?? 0), 0);

/** A guest whose free memory lies in single pages: every eighth page of a program that is gone is another one's. */
function fragmented(options: GuestOptions): Guest {
  const guest = Guest.boot(options, 0);
  const [gone, left] = [createOwner(guest.memory, 'ANON'), createOwner(guest.memory, 'ANON')];
  while (freePagesOf(guest.memory) > 8_000) {
    growOwner(guest.memory, gone, 7);
    growOwner(guest.memory, left, 1);
  }
  destroyOwner(guest.memory, gone);
  return guest;
}

describe('the kernel’s threads in a guest', () => {
  it('kcompactd compacts within half a second when free memory lies in pieces, and not twice a second for nothing', () => {
    const guest = fragmented(OPTIONS);
    const before = guest.read();
    expect(before.unusableIndex9Ratio).toBeGreaterThan(0.85);
    guest.advance();
    const after = guest.read();
    expect(counter(guest, 'pgmigrate_success')).toBeGreaterThan(5_000);
    expect(counter(guest, 'compact_daemon_migrate_scanned')).toBeGreaterThan(10_000);
    expect(counter(guest, 'compact_daemon_wake')).toBe(0);
    expect(after.unusableIndex9Ratio).toBeLessThan(before.unusableIndex9Ratio);
    expect(largeBlocks(after)).toBeGreaterThan(largeBlocks(before));
    expect(auditMemory(guest.memory)).toEqual([]);
    guest.advance();
    const scanned = counter(guest, 'compact_migrate_scanned');
    for (let tick = 0; tick < 20; tick++) guest.advance();
    expect(counter(guest, 'compact_migrate_scanned')).toBe(scanned);
  });

  it('Linux 6.1 does the same and does not count it as the daemon’s', () => {
    const guest = fragmented({ ...OPTIONS, kernelProfile: '6.1' });
    guest.advance();
    expect(counter(guest, 'pgmigrate_success')).toBeGreaterThan(5_000);
    expect(counter(guest, 'compact_daemon_migrate_scanned')).toBe(0);
  });

  it('a balloon’s pages are moved, too, unless they cannot', () => {
    const moved = (balloonCompaction: boolean): number => {
      const guest = fragmented({ ...OPTIONS, balloonCompaction });
      guest.requestBalloon('op', 40_000, null);
      guest.advance();
      expect(guest.read().balloon.heldPages).toBe(40_000);
      guest.perform('compact', { kind: 'COMPACT', node: null, zone: null, order: null, mode: 'SYNC' }, null);
      guest.advance();
      expect(guest.read().balloon.heldPages).toBe(40_000);
      expect(auditMemory(guest.memory)).toEqual([]);
      return counter(guest, 'balloon_migrate');
    };
    expect(moved(true)).toBeGreaterThan(0);
    expect(moved(false)).toBeNaN(); // Linux has no such counter then
  });

  it('goes on in the same way from a snapshot', () => {
    const guest = fragmented(OPTIONS);
    for (let tick = 0; tick < 2; tick++) guest.advance();
    const restored = Guest.restore(OPTIONS, guest.snapshot());
    for (let tick = 0; tick < 70; tick++) {
      guest.advance();
      restored.advance();
    }
    expect(restored.digest()).toBe(guest.digest());
  });
});

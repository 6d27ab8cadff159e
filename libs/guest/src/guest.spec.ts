import { describe, expect, it } from '@jest/globals';
import { auditMemory } from '#memory-core';
import { GIB, MIB } from '#units';
import { Guest, type GuestOptions } from './guest.js';
import { IDLE_WORKLOAD } from './workload/workload.js';

export const IDLE_2_GIB: GuestOptions = {
  assignedBytes: 2 * GIB,
  kernelProfile: '6.12',
  memoryBallooning: true,
  balloonCompaction: true,
  deflateOnOom: false,
  workload: IDLE_WORKLOAD,
  seed: 1,
};

const pages = (mib: number): number => (mib * MIB) / 4096;

/** Advances until a request ends, at most `ticks`. */
function untilEnd(guest: Guest, ticks: number): ReturnType<Guest['advance']> {
  for (let tick = 0; tick < ticks; tick++) {
    const ended = guest.advance();
    if (ended.length > 0) return ended;
  }
  return [];
}

describe('a guest asked for a balloon', () => {
  it('reaches 512 MiB at 0.86 GiB/s and gives them back at 2.11 GiB/s', () => {
    const guest = Guest.boot(IDLE_2_GIB, 0);
    const before = guest.read();
    guest.requestBalloon('op', pages(512), null);
    const [end] = guest.advance();
    expect(end).toMatchObject({ id: 'op', tick: 1, outcome: 'REACHED', achievedPages: 131_072, deficitPages: 0 });
    const after = guest.read();
    expect(after.freePages).toBe(before.freePages - 131_072);
    expect(new Map(after.vmstat).get('balloon_inflate')).toBe(131_072);
    expect(auditMemory(guest.memory)).toEqual([]);
  });

  it('stalls with the deficit when asked for too much', () => {
    const guest = Guest.boot(IDLE_2_GIB, 0);
    guest.requestBalloon('op', pages(2048), null);
    const [end] = untilEnd(guest, 30);
    expect(end).toMatchObject({ outcome: 'STALLED' });
    console.log(end, guest.read());
  });
});

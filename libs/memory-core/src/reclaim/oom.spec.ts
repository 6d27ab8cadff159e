import { describe, expect, it } from '@jest/globals';
import { createMemory } from '../boot/create.js';
import { EV_OOM_KILL } from '../layout/events.js';
import { Gfp } from '../layout/gfp.js';
import { SYSCTL_PANIC_ON_OOM } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { createMapping, touchRange } from '../owners/address-space.js';
import { createOwner, destroyOwner, growOwner, isOwnerKilled, joinProcess, ownerPages } from '../owners/owner.js';
import { readUsage } from '../views/usage.js';
import { expectSound } from '../../test/support/zone.js';
import { badness, lastOomVictim, outOfMemory, panicReason, registerOomNotifier } from './oom.js';

function aGuest(): Memory {
  return createMemory({ ramBytes: 2 ** 28, addressSpaces: true });
}

function aProgram(memory: Memory, pages: number): number {
  const owner = createOwner(memory, 'ANON');
  growOwner(memory, owner, pages);
  return owner;
}

describe('out of memory', () => {
  it('case 74 (core): a notifier that gives pages back is progress, and nobody is killed', () => {
    const memory = aGuest();
    const program = aProgram(memory, 1000);
    registerOomNotifier(memory, 80, () => 256);
    expect(outOfMemory(memory, Gfp.HIGHUSER_MOVABLE)).toEqual({ kind: 'FREED', pages: 256 });
    expect([memory.events[EV_OOM_KILL], ownerPages(memory, program)]).toEqual([0, 1000]);
  });

  it('case 75 (core): when the notifiers give nothing a process is killed', () => {
    const memory = aGuest();
    const program = aProgram(memory, 1000);
    registerOomNotifier(memory, 80, () => 0);
    expect(outOfMemory(memory, Gfp.HIGHUSER_MOVABLE)).toEqual({ kind: 'KILLED', process: program, pages: 1000 });
    expect([memory.events[EV_OOM_KILL], lastOomVictim(memory)]).toEqual([1, program]);
    expect([isOwnerKilled(memory, program), ownerPages(memory, program), growOwner(memory, program, 5)]).toEqual([
      true,
      0,
      0,
    ]);
    destroyOwner(memory, program);
    expectSound(memory);
  });

  it('asks notifiers from the highest priority down, all of them, and none that has left', () => {
    const memory = aGuest();
    const asked: number[] = [];
    const notifier = (priority: number): (() => void) =>
      registerOomNotifier(memory, priority, () => {
        asked.push(priority);
        return priority;
      });
    notifier(10);
    const leave = notifier(50);
    notifier(80);
    leave();
    expect(outOfMemory(memory, Gfp.KERNEL)).toEqual({ kind: 'FREED', pages: 90 });
    expect(asked).toEqual([80, 10]);
  });

  it('kills the largest process, page tables included, shifted by oom_score_adj; −1000 is spared', () => {
    const memory = aGuest();
    const small = aProgram(memory, 1000);
    const large = createMapping(memory, { pages: 4096 });
    touchRange(memory, large, 0, 4096, true);
    const spared = aProgram(memory, 20_000);
    joinProcess(memory, spared, spared, -1000);
    expect([badness(memory, small), badness(memory, large), badness(memory, spared)]).toEqual([1000, 4104, null]);
    expect(outOfMemory(memory, Gfp.KERNEL)).toEqual({ kind: 'KILLED', process: large, pages: 4104 });
    joinProcess(memory, small, small, 500);
    expect(badness(memory, small)).toBe(1000 + Math.trunc(readUsage(memory).totalPages / 2));
    expect(outOfMemory(memory, Gfp.KERNEL)).toMatchObject({ process: small });
    expectSound(memory);
  });

  it('a process dies with all of its owners', () => {
    const memory = aGuest();
    const heap = aProgram(memory, 3000);
    const cache = createOwner(memory, 'ANON');
    growOwner(memory, cache, 500);
    joinProcess(memory, cache, heap, 0);
    expect(badness(memory, heap)).toBe(3500);
    expect(outOfMemory(memory, Gfp.KERNEL)).toEqual({ kind: 'KILLED', process: heap, pages: 3500 });
    expect(isOwnerKilled(memory, cache)).toBe(true);
  });

  it('without a process to kill, or with panic_on_oom, the kernel panics', () => {
    const lonely = aGuest();
    growOwner(lonely, createOwner(lonely, 'KERNEL'), 1000);
    expect(panicReason(lonely)).toBeNull();
    expect(outOfMemory(lonely, Gfp.KERNEL)).toEqual({ kind: 'PANIC', reason: 'NO_KILLABLE_PROCESS' });
    expect(panicReason(lonely)).toBe('NO_KILLABLE_PROCESS');
    const strict = aGuest();
    aProgram(strict, 1000);
    strict.sysctls[SYSCTL_PANIC_ON_OOM] = 1;
    expect(outOfMemory(strict, Gfp.KERNEL)).toEqual({ kind: 'PANIC', reason: 'PANIC_ON_OOM' });
    expect(panicReason(strict)).toBe('PANIC_ON_OOM');
  });

  it('a request that may only use low zones, or no file system, has nobody killed', () => {
    const memory = aGuest();
    aProgram(memory, 100);
    expect(outOfMemory(memory, Gfp.NOWAIT_UNMOVABLE)).toEqual({ kind: 'NOT_ALLOWED' });
    expect(memory.events[EV_OOM_KILL]).toBe(0);
  });
});

/**
 * Long operations of the guest's kernel (compaction, offlining, the balloon driver's work) are tasks: generators that yield
 * where the kernel may sleep or be preempted, and nowhere else. Between two yields a task has the machine for itself. Whoever
 * runs tasks decides who goes on: runToEnd for one alone, the seeded scheduler and the explorer of the tests for several.
 */
import { InvariantError } from '#units';
import type { Memory } from '../layout/memory.js';
import { isPageLocked } from './page-lock.js';

/** Why a task yields. It may go on: at once, when the lock is free, when the time has passed, when the host has answered. */
export type Wait =
  | { readonly kind: 'RESCHEDULE' }
  | { readonly kind: 'PAGE_LOCK'; readonly pfn: number }
  | { readonly kind: 'MUTEX'; readonly mutex: Mutex }
  | { readonly kind: 'SLEEP'; readonly us: number }
  | { readonly kind: 'HOST' };

export type Task<Result> = Generator<Wait, Result, void>;

/** A sleeping lock of the kernel or of a driver. */
export interface Mutex {
  held: boolean;
}

export const RESCHEDULE: Wait = { kind: 'RESCHEDULE' };

/** True when a task that waits for this could go on. Time and the host are the scheduler's: they count as come. */
export function mayGoOn(memory: Memory, wait: Wait): boolean {
  if (wait.kind === 'PAGE_LOCK') return !isPageLocked(memory, wait.pfn);
  return wait.kind !== 'MUTEX' || !wait.mutex.held;
}

/** Runs a task that is alone on the machine; time passes and the host answers at once. Throws when it waits for ever. */
export function runToEnd<Result>(memory: Memory, task: Task<Result>): Result {
  for (;;) {
    const step = task.next();
    if (step.done === true) return step.value;
    if (!mayGoOn(memory, step.value))
      throw new InvariantError(`a task waits for a ${step.value.kind} that nobody gives up`);
  }
}

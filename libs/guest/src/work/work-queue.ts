/** The work that a guest has been asked for and has not ended, in the order of asking; and the ends that nobody has heard of. */
import type { Memory } from '#memory-core';
import { attemptWork } from './attempt-work.js';
import { workDeadlineUs, type KernelWork, type PendingWork, type WorkEnd } from './guest-work.js';

type Told = Omit<WorkEnd, 'id' | 'tick'>;
const NO_ENDS: readonly WorkEnd[] = [];

export class WorkQueue {
  readonly #ended: WorkEnd[] = [];
  #pending: readonly PendingWork[];

  constructor(pending: readonly PendingWork[]) {
    this.#pending = pending;
  }

  get pending(): readonly PendingWork[] {
    return this.#pending;
  }

  add(id: string, work: KernelWork, timeoutMs: number | null, startedUs: number): void {
    this.#pending = [...this.#pending, { id, work, timeoutMs, startedUs }];
  }

  end(id: string, tick: number, told: Told): void {
    this.#pending = this.#pending.filter((pending) => pending.id !== id);
    this.#ended.push({ id, tick, ...told });
  }

  cancel(id: string, tick: number): void {
    if (!this.#pending.some((pending) => pending.id === id)) return;
    this.end(id, tick, { outcome: 'CANCELLED', reason: 'called off; what was done is not undone', result: null });
  }

  /** Ends everything: the guest cannot do it any more. */
  refuseAll(tick: number, reason: string): void {
    for (const { id } of this.#pending) this.end(id, tick, { outcome: 'REFUSED', reason, result: null });
  }

  /** Tries what is to be done, at the start of a tick. Returns false when there was nothing. Throws KernelBugError. */
  attempt(memory: Memory, nowUs: number, tick: number): boolean {
    const due = this.#pending;
    for (const pending of due) {
      const answer = nowUs >= workDeadlineUs(pending) ? timedOut(pending) : attemptWork(memory, pending.work);
      if (answer !== null) this.end(pending.id, tick, answer);
    }
    return due.length > 0;
  }

  /** Ends since the last call; each is told once. */
  takeEnds(): readonly WorkEnd[] {
    return this.#ended.length === 0 ? NO_ENDS : this.#ended.splice(0);
  }
}

function timedOut({ timeoutMs }: PendingWork): Told {
  return { outcome: 'TIMED_OUT', reason: `not done when the limit of ${timeoutMs ?? 0} ms passed`, result: null };
}

/** Work on a guest besides moving its balloon, from the moment it is asked for to its end. */
import { US_PER_MS } from '#units';

export type GuestWork =
  | {
      readonly kind: 'COMPACT';
      /** Null: all nodes. */
      readonly node: number | null;
      /** Null: all zones. */
      readonly zone: string | null;
      /** Stop when a block of this order is free; null: go on until the scanners meet. */
      readonly order: number | null;
      readonly mode: 'ASYNC' | 'SYNC_LIGHT' | 'SYNC';
    }
  /** `block`: 128 MiB of physical memory. */
  | { readonly kind: 'OFFLINE_MEMORY_BLOCK'; readonly block: number }
  | { readonly kind: 'ONLINE_MEMORY_BLOCK'; readonly block: number }
  /** A paused guest's clock stands: it does not run and does not age. */
  | { readonly kind: 'PAUSE' }
  | { readonly kind: 'RESUME' };

/** Work that the guest's kernel does while it runs. */
export type KernelWork = Exclude<GuestWork, { readonly kind: 'PAUSE' | 'RESUME' }>;

/** Work that goes on. */
export interface PendingWork {
  readonly id: string;
  readonly work: KernelWork;
  /** Guest time after which it ends TIMED_OUT; null: never. */
  readonly timeoutMs: number | null;
  readonly startedUs: number;
}

/** What an attempt came to; null where it is worth another one. */
export interface WorkAnswer {
  readonly outcome: 'DONE' | 'REFUSED';
  readonly reason: string;
  readonly result: Readonly<Record<string, unknown>> | null;
}

export interface WorkEnd {
  readonly id: string;
  readonly tick: number;
  readonly outcome: 'DONE' | 'REFUSED' | 'TIMED_OUT' | 'CANCELLED';
  readonly reason: string;
  readonly result: Readonly<Record<string, unknown>> | null;
}

export function workDeadlineUs({ timeoutMs, startedUs }: PendingWork): number {
  return timeoutMs === null ? Infinity : startedUs + timeoutMs * US_PER_MS;
}

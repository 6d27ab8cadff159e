/**
 * A request to the guest's balloon, from the moment it is made to its outcome. The driver itself knows no requests: it goes on
 * trying for ever, as Linux's does; what ends is somebody's interest in it.
 */
export interface BalloonRequest {
  readonly id: string;
  readonly targetPages: number;
  /** Guest time after which interest ends; null: never. */
  readonly timeoutMs: number | null;
  readonly startedUs: number;
}

export type BalloonOutcome = 'REACHED' | 'STALLED' | 'TIMED_OUT' | 'REFUSED' | 'SUPERSEDED' | 'CANCELLED';

export interface BalloonRequestEnd {
  readonly id: string;
  readonly tick: number;
  readonly outcome: BalloonOutcome;
  readonly achievedPages: number;
  readonly deficitPages: number;
  readonly reason: string;
}

/**
 * A balloon that has not moved for so long although it should is called stalled: about 25 tries of the driver. A choice: Linux
 * itself never gives up.
 */
export const STALL_AFTER_US = 5_000_000;

/** How a request stands, or null while it goes on. `progressUs`: when a page moved last. */
export function outcomeOf(
  request: BalloonRequest,
  heldPages: number,
  progressUs: number,
  nowUs: number,
): 'REACHED' | 'STALLED' | 'TIMED_OUT' | null {
  if (heldPages === request.targetPages) return 'REACHED';
  if (request.timeoutMs !== null && nowUs - request.startedUs >= request.timeoutMs * 1000) return 'TIMED_OUT';
  return nowUs - Math.max(progressUs, request.startedUs) >= STALL_AFTER_US ? 'STALLED' : null;
}

export function endOf(
  request: BalloonRequest,
  tick: number,
  outcome: BalloonOutcome,
  heldPages: number,
  why: string,
): BalloonRequestEnd {
  return {
    id: request.id,
    tick,
    outcome,
    achievedPages: heldPages,
    deficitPages: Math.abs(request.targetPages - heldPages),
    reason: why,
  };
}

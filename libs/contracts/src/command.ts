import type { GuestWork } from './guest-work.js';
import type { OperationOutcome } from './operation.js';

/**
 * A command to a simulated guest, taken at the start of a tick. The tick is recorded before the guest sees the command,
 * so that a replay gives it again at the same moment.
 */
export type GuestCommand =
  | {
      readonly kind: 'SET_BALLOON_TARGET';
      readonly guestId: string;
      readonly tick: number;
      readonly operationId: string;
      readonly targetBytes: number;
      /** Simulated time after which the operation ends TIMED_OUT; null: never. */
      readonly timeoutMs: number | null;
    }
  | {
      readonly kind: 'PERFORM';
      readonly guestId: string;
      readonly tick: number;
      readonly operationId: string;
      readonly work: GuestWork;
      /** As above, in the guest's own time. */
      readonly timeoutMs: number | null;
    }
  | { readonly kind: 'CANCEL'; readonly guestId: string; readonly tick: number; readonly operationId: string };

/** How an operation ended, as its guest tells it. */
export interface OperationResult {
  readonly operationId: string;
  readonly guestId: string;
  readonly tick: number;
  readonly outcome: OperationOutcome;
  /** Size of the balloon at the end; null where the work was not about it. */
  readonly achievedBytes: number | null;
  /** How far the balloon is from the target: |target − achieved|. */
  readonly deficitBytes: number | null;
  /** A sentence for people: what stopped it, with the figures. */
  readonly reason: string;
  /** What the work came to, by its kind, as JSON; null for balloon work. */
  readonly result: Readonly<Record<string, unknown>> | null;
}

/** What a policy's own rule says, before it becomes a plan. */
import type { JsonValue } from './json.js';
import type { UntouchedCause } from './plan.js';
import type { GuestView, HostView } from './view.js';

/** What a policy wants of one guest. */
export interface Move {
  readonly guest: GuestView;
  /** Size of the balloon by the policy's own arithmetic; any number. */
  readonly rawBalloonTargetBytes: number;
  readonly reason: string;
  /** A guest in trouble gets its memory whole: no step or churn limit, and first when the host is short. */
  readonly urgent?: boolean;
}

/** A guest that the policy leaves alone for a reason of its own. */
export interface Stay {
  readonly guest: GuestView;
  readonly cause: UntouchedCause;
  readonly reason: string;
}

export interface Decision {
  readonly moves: readonly Move[];
  readonly stays?: readonly Stay[];
  readonly neededBytes: number;
  readonly memory: JsonValue;
  /** Part of what the host has that the plan may not give away. */
  readonly keptBytes?: number;
  /** The policy's own floor of a guest's size where it is above the guaranteed one. */
  readonly policyFloorBytes?: (guest: GuestView) => number;
  /** Why the need cannot be met, or null when it can; left out, the finish finds out from floors and absences. */
  readonly unreachable?: string | null;
}

export interface DecisionInput<Values, Memory> {
  readonly view: HostView;
  /** The guests that may be moved, in the order of the view. */
  readonly guests: readonly GuestView[];
  readonly values: Values;
  readonly memory: Memory;
}

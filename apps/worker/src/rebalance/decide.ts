/** One decision about a host: from what is known to a plan, with all that went into it. */
import { DomainError } from '#contracts';
import type { HostInputs, PastMove, PlannedMove } from '#persistence';
import {
  findPolicy,
  parseParameters,
  type HostView,
  type JsonValue,
  type ParameterValues,
  type Parsed,
  type Plan,
} from '#policy';
import { toHostView } from './host-view.js';

export interface Decided {
  readonly policy: string;
  readonly parameters: ParameterValues;
  readonly view: HostView;
  readonly plan: Plan;
  readonly moves: readonly PlannedMove[];
  readonly decisionMs: number;
}

export interface Wanted {
  /** Null: the host's own policy with its parameters. */
  readonly policy: string | null;
  readonly parameters: unknown;
}

/** The policy that decides about a host: the one asked for, else its own. */
export function policyOf(inputs: HostInputs, wanted: Wanted): string {
  return wanted.policy ?? inputs.policy;
}

/** Throws DomainError BAD_INPUT when policy or parameters do not exist (any more). */
export function decide(inputs: HostInputs, wanted: Wanted, memory: unknown, past: readonly PastMove[]): Decided {
  const policy = accept(findPolicy(policyOf(inputs, wanted)));
  const given = wanted.policy === null ? (wanted.parameters ?? inputs.parameters) : (wanted.parameters ?? {});
  const parameters = accept(parseParameters(policy, given));
  const view = toHostView(inputs, past);
  const startedMs = performance.now();
  const plan = policy.plan(view, parameters, memory as JsonValue);
  const decisionMs = performance.now() - startedMs;
  return { policy: policy.name, parameters, view, plan, moves: movesOf(plan, view), decisionMs };
}

/** Every row of the plan: one that asks for what the host has not got has nothing to apply. */
function movesOf(plan: Plan, view: HostView): PlannedMove[] {
  const targets = new Map(view.guests.map((guest) => [guest.id, guest.balloonTargetBytes]));
  return plan.guests.map(({ id, phase, balloonTargetBytes: toBytes, reason }) => {
    const fromBytes = targets.get(id) ?? 0;
    const notApplied = fromBytes === toBytes ? 'the host has no memory to give' : null;
    return { guestId: id, phase, fromBytes, toBytes, reason, notApplied };
  });
}

function accept<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw new DomainError('BAD_INPUT', parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('; '));
}

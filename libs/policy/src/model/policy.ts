/**
 * A policy is a pure function (view, parameters, memory) → plan. Deciding is the policy's own; who may be moved at all
 * (screen.ts) and what becomes of a wish (finish.ts) are the same for every policy, so that no policy can break a floor,
 * promise what the host has not got, or move a guest it knows nothing about.
 */
import type { Decision, DecisionInput } from './decision.js';
import { finishPlan } from './finish.js';
import type { JsonValue, Parsed } from './json.js';
import {
  describeParameters,
  numeric,
  readParameters,
  unsetNumeric,
  type ParameterDescription,
  type ParameterSet,
  type ParameterValues,
  type ValuesOf,
} from './parameters.js';
import type { Plan } from './plan.js';
import { screenGuests, type NeededStat } from './screen.js';
import { readShape, type Shape } from './shape.js';
import type { HostView } from './view.js';

export interface Policy {
  readonly name: string;
  readonly description: string;
  /** Where the rule comes from. */
  readonly origin: string;
  readonly parameters: readonly ParameterDescription[];
  /** Decides. `parameters` as `parseParameters` returned them (absent ones take their defaults); `memory` from the last plan. */
  readonly plan: (view: HostView, parameters?: ParameterValues, memory?: JsonValue) => Plan;
}

const MAX_STATS_AGE_MS = 60_000;
const STUCK_AFTER_MS = 5000;

/** What every policy can be told. */
const COMMON_PARAMETERS = {
  maxStatsAgeMs: numeric(
    'ms',
    MAX_STATS_AGE_MS,
    'statistics older than this count as stale, and the guest is left alone',
  ),
  stuckAfterMs: numeric(
    'ms',
    STUCK_AFTER_MS,
    'a guest that has not approached its target for this long is stuck and left alone (5 s: Xen squeezed)',
    { otherNames: [{ name: 'stuck_after_s', factor: 1000 }] },
  ),
  maxStepBytes: unsetNumeric(
    'bytes',
    "most that one guest's balloon may change in one decision; unset: the policy's own rule alone",
  ),
  maxChurnBytes: unsetNumeric(
    'bytes',
    'most that all balloons together may change in one decision; unset: no limit beyond the policy’s own',
  ),
} as const;

export type CommonValues = ValuesOf<typeof COMMON_PARAMETERS>;

export interface PolicyDefinition<S extends ParameterSet, Memory> {
  readonly name: string;
  readonly description: string;
  readonly origin: string;
  readonly parameters: S;
  /** Reads what the policy remembered. Everything in it has a default: a foreign memory reads as a fresh one. */
  readonly memory: Shape<Memory>;
  /** Statistics without which the policy leaves a guest alone. */
  readonly needs: (values: ValuesOf<S>) => readonly NeededStat[];
  /** The policy has its own way with stuck guests. */
  readonly movesStuckGuests?: boolean;
  /** The policy works from the host's side alone: a guest without statistics may be moved. */
  readonly movesSilentGuests?: (values: ValuesOf<S>) => boolean;
  readonly decide: (input: DecisionInput<ValuesOf<S> & CommonValues, Memory>) => Decision;
}

export function definePolicy<S extends ParameterSet, Memory>(definition: PolicyDefinition<S, Memory>): Policy {
  const set = { ...definition.parameters, ...COMMON_PARAMETERS };
  const parameters = describeParameters(set);
  const defaults: ParameterValues = Object.fromEntries(parameters.map(({ name, default: preset }) => [name, preset]));
  return {
    name: definition.name,
    description: definition.description,
    origin: definition.origin,
    parameters,
    plan: (view, given, memory) => {
      const values = { ...defaults, ...given } as ValuesOf<S> & CommonValues;
      const screened = screenGuests(view, {
        needs: definition.needs(values),
        maxStatsAgeMs: values.maxStatsAgeMs,
        stuckAfterMs: values.stuckAfterMs,
        movesStuckGuests: definition.movesStuckGuests ?? false,
        movesSilentGuests: definition.movesSilentGuests?.(values) ?? false,
      });
      const decision = definition.decide({
        view,
        guests: screened.movable,
        values,
        memory: recall(definition.memory, memory),
      });
      return finishPlan(view, screened, decision, values);
    },
  };
}

/** Types an input for `policy`, or lists every problem with what would be accepted. */
export function parseParameters(policy: Policy, input: unknown): Parsed<ParameterValues> {
  return readParameters(policy.parameters, input);
}

/** A memory that does not read (another policy's, a broken one) is forgotten. */
function recall<Memory>(shape: Shape<Memory>, memory: JsonValue | undefined): Memory {
  const read = readShape(shape, memory ?? {});
  return read.ok ? read.value : shape.read({}, '', []);
}

/** What a policy answers: targets with reasons, what it left alone and why, and what it wants to remember. */
import type { JsonValue } from './json.js';
import { bytes, choice, listOf, nullable, number, optional, record, text, type JsonSchema } from './shape.js';

/** Why a guest is left as it is. */
export const UNTOUCHED_CAUSES = [
  'NOT_RUNNING',
  'MIGRATING',
  'LEFT_ALONE',
  'HELD',
  'NO_STATS',
  'STALE_STATS',
  'STUCK',
  'COOLING_DOWN',
  'NO_ROOM',
  'UNCHANGED',
] as const;
export type UntouchedCause = (typeof UNTOUCHED_CAUSES)[number];

export interface PlannedGuest {
  readonly id: string;
  /** As the view has it. */
  readonly name?: string;
  /** What the balloon is to hold: within the guest's limits, a multiple of 4 KiB. */
  readonly balloonTargetBytes: number;
  /** What the policy's own arithmetic said, before limits, alignment and the host's means. */
  readonly rawBalloonTargetBytes: number;
  /** A sentence with the figures that decided. */
  readonly reason: string;
  /** 1 frees memory and goes first; 2 gives. */
  readonly phase: 1 | 2;
}

export interface UntouchedGuest {
  readonly id: string;
  /** As the view has it. */
  readonly name?: string;
  readonly cause: UntouchedCause;
  readonly reason: string;
}

export interface Plan {
  /**
   * Rows of phase 1 first. A row whose target equals the present one is a wish that the host has no memory for: there is
   * nothing to apply, the raw target says what was wanted.
   */
  readonly guests: readonly PlannedGuest[];
  readonly untouched: readonly UntouchedGuest[];
  /** What the host wanted to gain; negative: to give. */
  readonly neededBytes: number;
  /** What the plan moves: balloons grown less balloons shrunk. */
  readonly plannedBytes: number;
  /** Null, or why the need cannot be met and what bound it. */
  readonly unreachable: string | null;
  /** What to hand in next time. */
  readonly memory: JsonValue;
}

const shape = record(
  {
    guests: listOf(
      record(
        {
          id: text('id of the guest'),
          name: optional(text('its name, where the view has one')),
          balloonTargetBytes: bytes('what the balloon is to hold, a multiple of 4096'),
          rawBalloonTargetBytes: number('before limits and alignment, bytes'),
          reason: text('the figures that decided'),
          phase: number('1 frees memory and goes first, 2 gives', { min: 1, max: 2, whole: true }),
        },
        'one guest whose target changes',
      ),
      'phase 1 first',
    ),
    untouched: listOf(
      record(
        {
          id: text('id of the guest'),
          name: optional(text('its name, where the view has one')),
          cause: choice(UNTOUCHED_CAUSES, 'why it is left as it is'),
          reason: text('the same in words'),
        },
        'one guest that is left as it is',
      ),
      'every other guest of the view',
    ),
    neededBytes: number('what the host wanted to gain, negative: to give, bytes'),
    plannedBytes: number('what the plan moves, bytes'),
    unreachable: nullable(text('why the need cannot be met and what bound it')),
  },
  'What a policy answers.',
);

export const PLAN_SCHEMA: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Plan',
  ...shape.schema,
  properties: {
    ...(shape.schema['properties'] as JsonSchema),
    memory: { description: 'what to hand in with the next view; opaque' },
  },
};

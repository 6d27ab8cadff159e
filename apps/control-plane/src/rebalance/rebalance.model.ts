import type { OperationOutcome, OperationStatus } from '#contracts';
import { REBALANCE_STATUSES, type RebalanceStatus } from '#persistence';
import { Field, Float, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { OperationOutcomeEnum, OperationStatusEnum } from '../enums.js';
import { connectionTypes } from '../paging/connection.js';
import { DateTime } from '../scalars/date-time.js';
import { Json } from '../scalars/json.js';
import { Bytes, Count, SignedBytes } from '../scalars/whole-number.js';

const RebalanceStatusEnum = Object.fromEntries(REBALANCE_STATUSES.map((status) => [status, status]));
registerEnumType(RebalanceStatusEnum, {
  name: 'RebalanceStatus',
  description:
    'WAITING to be planned; PLANNED: over with the plan (a dry run, or nothing to do); FREEING and GIVING: balloons grow, then ' +
    'shrink; DONE; SKIPPED and FAILED say why in their note.',
});

@ObjectType({ description: 'A guest that a plan leaves as it is.' })
export class UntouchedGuest {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true, description: 'Its name at the time of the run.' })
  name?: string;

  @Field({ description: 'NO_STATS, STALE_STATS, STUCK, HELD, COOLING_DOWN, UNCHANGED …' })
  cause!: string;

  @Field()
  reason!: string;
}

@ObjectType({ description: 'A guest whose balloon a plan moves, and what became of it.' })
export class RebalanceMove {
  @Field(() => Bytes, { description: 'Target of the balloon before.' })
  fromBytes!: number;

  @Field(() => Bytes, { description: 'Target of the balloon by the plan.' })
  toBytes!: number;

  @Field(() => Int, { description: '1 frees memory and goes first, 2 gives.' })
  phase!: number;

  @Field({ description: 'The figures that decided.' })
  reason!: string;

  @Field(() => OperationStatusEnum, { nullable: true, description: 'Of the operation that carries it out.' })
  status!: OperationStatus | null;

  @Field(() => OperationOutcomeEnum, { nullable: true })
  outcome!: OperationOutcome | null;

  @Field(() => Bytes, { nullable: true })
  achievedBytes!: number | null;

  @Field(() => Bytes, { nullable: true })
  deficitBytes!: number | null;

  @Field(() => String, { nullable: true, description: 'Why there is no operation.' })
  notApplied!: string | null;
}

@ObjectType({ description: 'One host of a run: what was seen, what was decided, how far it has come.' })
export class RebalanceHost {
  @Field(() => RebalanceStatusEnum)
  status!: RebalanceStatus;

  @Field(() => String, { nullable: true, description: 'Why it was SKIPPED or FAILED.' })
  note!: string | null;

  @Field(() => String, { nullable: true, description: 'The policy that decided.' })
  policy!: string | null;

  @Field(() => Json, { nullable: true, description: 'Every parameter with its value.' })
  parameters!: unknown;

  @Field(() => SignedBytes, { nullable: true, description: 'What the host wanted to gain; negative: to give.' })
  neededBytes!: number | null;

  @Field(() => SignedBytes, {
    nullable: true,
    description: 'What the plan moves: balloons grown less balloons shrunk.',
  })
  plannedBytes!: number | null;

  @Field(() => SignedBytes, { nullable: true, description: 'What the balloons grew by together.' })
  appliedBytes!: number | null;

  @Field(() => String, { nullable: true, description: 'Why the need cannot be met, and what bound it.' })
  unreachable!: string | null;

  @Field(() => [UntouchedGuest])
  untouched!: readonly UntouchedGuest[];

  @Field(() => Float, { nullable: true })
  decisionMs!: number | null;

  @Field(() => DateTime, { nullable: true })
  plannedAt!: Date | null;

  @Field(() => DateTime, { nullable: true })
  finishedAt!: Date | null;
}

@ObjectType({ description: 'A rebalancing run: a decision for each of its hosts, kept with what it was made from.' })
export class RebalanceRun {
  @Field(() => ID)
  id!: string;

  @Field()
  dryRun!: boolean;

  @Field(() => ID, { nullable: true })
  scheduleId!: string | null;

  @Field(() => String, { nullable: true, description: "As asked for; null: each host's own." })
  policy!: string | null;

  @Field(() => Json, { nullable: true })
  parameters!: unknown;

  @Field(() => String, { nullable: true })
  reason!: string | null;

  @Field()
  requestedBy!: string;

  @Field(() => Count, { description: 'Simulated time for which moved guests are left alone afterwards.' })
  holdForMs!: number;

  @Field(() => DateTime)
  createdAt!: Date;
}

@ObjectType({ description: 'Rebalancing by itself. Kept across restarts.' })
export class RebalanceSchedule {
  @Field(() => ID)
  id!: string;

  @Field(() => Count, { nullable: true })
  everyMs!: number | null;

  @Field(() => String, { nullable: true })
  cron!: string | null;

  @Field(() => String, { nullable: true, description: 'IANA name; null: UTC.' })
  timeZone!: string | null;

  @Field(() => Int)
  jitterMs!: number;

  @Field(() => String, { nullable: true })
  policy!: string | null;

  @Field(() => Json, { nullable: true })
  parameters!: unknown;

  @Field(() => String, { nullable: true })
  reason!: string | null;

  @Field(() => Count)
  holdForMs!: number;

  @Field()
  requestedBy!: string;

  @Field(() => DateTime)
  createdAt!: Date;
}

export const { Connection: RebalanceRunConnection, ConnectionResolver: RebalanceRunConnectionResolver } =
  connectionTypes(RebalanceRun);

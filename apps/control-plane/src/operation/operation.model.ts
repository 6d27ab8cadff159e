import type { OperationKind, OperationOutcome, OperationStatus } from '#contracts';
import { Field, ID, Int, ObjectType } from '@nestjs/graphql';
import { OperationKindEnum, OperationOutcomeEnum, OperationStatusEnum } from '../enums.js';
import { connectionTypes } from '../paging/connection.js';
import { DateTime } from '../scalars/date-time.js';
import { Json } from '../scalars/json.js';
import { Bytes, Count } from '../scalars/whole-number.js';

@ObjectType({ description: 'Work on one guest: acknowledged when it has an id, over when it has an outcome.' })
export class Operation {
  @Field(() => ID)
  id!: string;

  @Field(() => Int, { description: "Place in the guest's order." })
  sequence!: number;

  @Field(() => OperationKindEnum)
  kind!: OperationKind;

  @Field(() => OperationStatusEnum)
  status!: OperationStatus;

  @Field(() => OperationOutcomeEnum, { nullable: true, description: 'Null until it has ended.' })
  outcome!: OperationOutcome | null;

  @Field(() => Bytes, {
    nullable: true,
    description:
      'As asked for: the target of SET_BALLOON_TARGET, the difference of INFLATE and DEFLATE; null for other work.',
  })
  requestedBytes!: number | null;

  @Field(() => Bytes, { nullable: true, description: 'Size of the balloon that it works towards.' })
  targetBytes!: number | null;

  @Field(() => Json, { nullable: true, description: 'What else is to be done: compaction, a memory block, a pause.' })
  work!: unknown;

  @Field(() => Bytes, { nullable: true, description: 'Size of the balloon at the end.' })
  achievedBytes!: number | null;

  @Field(() => Bytes, { nullable: true, description: 'How far the balloon was from the target at the end.' })
  deficitBytes!: number | null;

  @Field(() => String, { nullable: true, description: 'What ended it, with the figures.' })
  reason!: string | null;

  @Field(() => Int, { nullable: true, description: 'Simulated time after which it ends TIMED_OUT.' })
  timeoutMs!: number | null;

  @Field()
  requestedBy!: string;

  @Field(() => String, { nullable: true })
  idempotencyKey!: string | null;

  @Field(() => Int, { description: 'How often it was begun.' })
  attempts!: number;

  @Field(() => Json, { nullable: true, description: 'What work other than the balloon’s came to, by its kind.' })
  result!: unknown;

  @Field(() => Count, { nullable: true, description: 'Simulated second at whose start the guest takes it.' })
  appliedTick!: number | null;

  @Field(() => Count, { nullable: true })
  finishedTick!: number | null;

  @Field(() => DateTime, { nullable: true })
  cancelAskedAt!: Date | null;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true })
  startedAt!: Date | null;

  @Field(() => DateTime, { nullable: true })
  finishedAt!: Date | null;
}

export const { Connection: OperationConnection, ConnectionResolver: OperationConnectionResolver } =
  connectionTypes(Operation);

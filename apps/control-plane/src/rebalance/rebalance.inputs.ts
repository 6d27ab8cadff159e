import { Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { Duration } from '../scalars/duration.js';
import { Json } from '../scalars/json.js';
import { Count } from '../scalars/whole-number.js';
import { RebalanceRun, RebalanceSchedule } from './rebalance.model.js';

@InputType({ isAbstract: true })
export class RebalanceRule {
  @Field(() => ID, { nullable: true, description: 'The host to rebalance; all hosts when left out.' })
  hostId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: "One of the names that policies lists. Default: the host's own.",
  })
  policy?: string | null;

  @Field(() => Json, {
    nullable: true,
    description: 'An object of parameters of policy, which must be given too; those left out take their defaults.',
  })
  parameters?: unknown;

  @Field(() => String, { nullable: true, description: 'Why, for whoever reads the run later. Up to 500 characters.' })
  reason?: string | null;

  @Field(() => Count, {
    nullable: true,
    description: 'Simulated time for which rebalancing leaves the moved guests alone afterwards. Default: 0.',
  })
  holdForMs?: number | null;
}

@InputType()
export class RebalanceInput extends RebalanceRule {
  @Field(() => Boolean, { nullable: true, description: 'Plan only. Default: false.' })
  dryRun?: boolean | null;
}

@ObjectType()
export class RebalancePayload {
  @Field(() => RebalanceRun)
  rebalanceRun!: unknown;
}

@InputType()
export class ScheduleRebalanceInput extends RebalanceRule {
  @Field(() => Duration, { nullable: true, description: 'From "1s"; either this or cron.' })
  every?: number | null;

  @Field(() => String, { nullable: true, description: 'Five fields, or six with seconds first: "*/5 * * * *".' })
  cron?: string | null;

  @Field(() => String, { nullable: true, description: 'IANA time zone that cron is read in. Default: UTC.' })
  timeZone?: string | null;

  @Field(() => Int, { nullable: true, description: 'Each run begins up to so much later, at random. Default: 0.' })
  jitterMs?: number | null;
}

@ObjectType()
export class ScheduleRebalancePayload {
  @Field(() => RebalanceSchedule)
  schedule!: unknown;
}

@InputType()
export class UnscheduleRebalanceInput {
  @Field(() => ID)
  id!: string;
}

@ObjectType()
export class UnscheduleRebalancePayload {
  @Field(() => ID)
  deletedId!: string;
}

import type { WorkloadSpec } from '#contracts';
import { Field, Float, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import type { PlacementStrategy } from '#policy';
import { PlacementEnum, WorkloadKindEnum } from '../enums.js';
import { Operation } from '../operation/operation.model.js';
import { Duration } from '../scalars/duration.js';
import { Bytes, Count } from '../scalars/whole-number.js';
import { Guest } from './guest.model.js';

@InputType()
export class WorkloadInput {
  @Field(() => WorkloadKindEnum, { nullable: true, description: 'Default: IDLE.' })
  kind?: WorkloadSpec['kind'] | null;

  @Field(() => ID, { nullable: true, description: 'TRACE: the trace to replay.' })
  traceId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'TRACE: one of its VMs. Default: the guests take the VMs in turn.',
  })
  vm?: string | null;

  @Field(() => Duration, { nullable: true, description: 'TRACE: where in the trace to begin. Default: at its start.' })
  offset?: number | null;

  @Field(() => Float, { nullable: true, description: 'SYNTHETIC: share of RAM in use on average. Default: 0.5.' })
  meanRatio?: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'SYNTHETIC: how far the share swings. Default: 0.2 or what fits.',
  })
  swingRatio?: number | null;

  @Field(() => Duration, { nullable: true, description: 'SYNTHETIC: length of a swing. Default: 1h.' })
  period?: number | null;
}

@InputType()
export class GuestFeaturesInput {
  @Field(() => Boolean, { nullable: true })
  deflateOnOom?: boolean | null;

  @Field(() => Boolean, { nullable: true })
  freePageReporting?: boolean | null;

  @Field(() => Boolean, { nullable: true })
  freePageHinting?: boolean | null;

  @Field(() => Boolean, { nullable: true })
  memoryBallooning?: boolean | null;

  @Field(() => Boolean, { nullable: true })
  balloonCompaction?: boolean | null;
}

@InputType()
export class CreateGuestsInput {
  @Field(() => ID, { nullable: true, description: 'The host they are to be on; else placement chooses.' })
  hostId?: string | null;

  @Field(() => PlacementEnum, { nullable: true, description: 'Chooses a host for each guest; in place of hostId.' })
  placement?: PlacementStrategy | null;

  @Field(() => Int, { description: 'How many alike, from 1 to 500.' })
  count!: number;

  @Field(() => Bytes, { description: 'RAM of each, whole pages from 64 MiB to 1 TiB.' })
  assignedBytes!: number;

  @Field(() => Bytes, { nullable: true, description: 'Default: a quarter of assignedBytes.' })
  minBytes?: number | null;

  @Field(() => Bytes, { nullable: true, description: 'Default: assignedBytes.' })
  maxBytes?: number | null;

  @Field(() => Int, { nullable: true, description: 'Weight among the guests of the host. Default: 1000.' })
  shares?: number | null;

  @Field(() => String, { nullable: true, description: 'Only with count 1.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'Names become <namePrefix>-<number>. Default: guest.' })
  namePrefix?: string | null;

  @Field(() => String, { nullable: true, description: '5.15, 6.1, 6.12 (default) or 7.0.' })
  kernelProfile?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Nodes that the memory is spread over evenly, from 1 to 8 with 64 MiB each. Default: 1.',
  })
  numaNodes?: number | null;

  @Field(() => GuestFeaturesInput, { nullable: true })
  features?: GuestFeaturesInput | null;

  @Field(() => WorkloadInput, { nullable: true, description: 'Default: IDLE.' })
  workload?: WorkloadInput | null;

  @Field(() => Count, {
    nullable: true,
    description: 'Of the first guest, below 2^32; the others count up from it. Default: drawn.',
  })
  seed?: number | null;
}

@ObjectType()
export class GuestPlacement {
  @Field(() => Guest)
  guest!: unknown;

  @Field({ description: 'Why it is on the host that it is on.' })
  reason!: string;
}

@ObjectType()
export class CreateGuestsPayload {
  @Field(() => [Guest])
  guests!: unknown[];

  @Field(() => [GuestPlacement], { description: 'One for each guest.' })
  placements!: readonly GuestPlacement[];
}

@InputType()
export class UpdateGuestInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true })
  name?: string | null;

  @Field(() => Bytes, { nullable: true })
  minBytes?: number | null;

  @Field(() => Bytes, { nullable: true })
  maxBytes?: number | null;

  @Field(() => Int, { nullable: true })
  shares?: number | null;
}

@ObjectType()
export class UpdateGuestPayload {
  @Field(() => Guest)
  guest!: unknown;
}

@InputType()
export class DeleteGuestInput {
  @Field(() => ID)
  id!: string;
}

@ObjectType()
export class DeleteGuestPayload {
  @Field(() => ID)
  deletedId!: string;
}

/** Pausing and resuming: the guest, and what else work on a guest takes. */
@InputType({ isAbstract: true })
class SwitchGuestInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true, description: 'As for other work on a guest.' })
  idempotencyKey?: string | null;
}

@InputType()
export class PauseGuestInput extends SwitchGuestInput {}

@InputType()
export class ResumeGuestInput extends SwitchGuestInput {}

@ObjectType({ isAbstract: true })
class SwitchGuestPayload {
  @Field(() => Guest, { description: 'As it is when its tick has come, or after 5 s.' })
  guest!: unknown;

  @Field(() => Operation)
  operation!: unknown;
}

@ObjectType()
export class PauseGuestPayload extends SwitchGuestPayload {}

@ObjectType()
export class ResumeGuestPayload extends SwitchGuestPayload {}

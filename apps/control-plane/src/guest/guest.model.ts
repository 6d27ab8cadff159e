import type { GuestState, WorkloadSpec } from '#contracts';
import { Field, ID, Int, ObjectType } from '@nestjs/graphql';
import { GuestStateEnum, WorkloadKindEnum } from '../enums.js';
import { connectionTypes } from '../paging/connection.js';
import { DateTime } from '../scalars/date-time.js';
import { Bytes, Count } from '../scalars/whole-number.js';

@ObjectType()
export class GuestFeatures {
  @Field({ description: 'The guest may take pages back from the balloon when it runs out of memory.' })
  deflateOnOom!: boolean;

  @Field({ description: 'The guest tells the host of free blocks, which the host then takes away.' })
  freePageReporting!: boolean;

  @Field({ description: 'The host may ask once for what is free, as a live migration does.' })
  freePageHinting!: boolean;

  @Field({ description: 'Without it the guest refuses balloon work.' })
  memoryBallooning!: boolean;

  @Field({ description: 'Pages of the balloon can be moved.' })
  balloonCompaction!: boolean;
}

@ObjectType()
export class Workload {
  @Field(() => WorkloadKindEnum)
  kind!: WorkloadSpec['kind'];

  @Field()
  description!: string;
}

@ObjectType()
export class Guest {
  @Field(() => ID)
  id!: string;

  @Field({ description: 'Unique on its host.' })
  name!: string;

  @Field(() => GuestStateEnum)
  state!: GuestState;

  @Field(() => String, {
    nullable: true,
    description: 'What stopped the guest; null while it runs, and when it was paused.',
  })
  stateReason!: string | null;

  @Field(() => Bytes, { description: 'Configured RAM.' })
  assignedBytes!: number;

  @Field(() => Bytes, { description: 'What a policy leaves the guest at least.' })
  minBytes!: number;

  @Field(() => Bytes, { description: 'What a policy gives the guest at most.' })
  maxBytes!: number;

  @Field(() => Int, { description: 'Weight among the guests of its host.' })
  shares!: number;

  @Field({ description: 'The Linux release whose memory management the guest follows.' })
  kernelProfile!: string;

  @Field(() => Int)
  numaNodes!: number;

  @Field(() => Count, {
    nullable: true,
    description: 'Simulated second until which rebalancing leaves the balloon as it is; null: it was never held.',
  })
  heldUntilTick!: number | null;

  @Field(() => Count, {
    nullable: true,
    description: 'Simulated second since which it does not do what rebalancing asks; null: it does.',
  })
  stuckSinceTick!: number | null;

  @Field(() => Count, { nullable: true, description: 'Simulated second from which a stuck guest is tried again.' })
  forgivenAtTick!: number | null;

  @Field(() => GuestFeatures)
  features!: GuestFeatures;

  @Field(() => Count)
  seed!: number;

  @Field(() => DateTime)
  createdAt!: Date;
}

export const { Connection: GuestConnection, ConnectionResolver: GuestConnectionResolver } = connectionTypes(Guest);

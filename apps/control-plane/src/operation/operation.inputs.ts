import type { CompactMode } from '#contracts';
import { Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { CompactModeEnum } from '../enums.js';
import { Bytes } from '../scalars/whole-number.js';
import { Operation } from './operation.model.js';

@InputType({ isAbstract: true })
export class WorkInput {
  @Field(() => ID)
  guestId!: string;

  @Field(() => Int, { nullable: true, description: 'Simulated time after which it ends TIMED_OUT. Default: never.' })
  timeoutMs?: number | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key with the same request gives the same operation, however often it is sent. Up to 200 characters.',
  })
  idempotencyKey?: string | null;
}

@InputType()
export class SetBalloonTargetInput extends WorkInput {
  @Field(() => Bytes, { description: "Size of the balloon, up to the guest's RAM; rounded down to whole pages." })
  targetBytes!: number;
}

@InputType()
export class InflateInput extends WorkInput {
  @Field(() => Bytes, { description: "To add to the balloon's target; at least a page." })
  bytes!: number;
}

@InputType()
export class DeflateInput extends WorkInput {
  @Field(() => Bytes, { description: "To take from the balloon's target; at least a page." })
  bytes!: number;
}

@InputType()
export class CompactInput extends WorkInput {
  @Field(() => Int, { nullable: true, description: 'One NUMA node. Default: all.' })
  node?: number | null;

  @Field(() => String, { nullable: true, description: 'One zone: DMA, DMA32, Normal or Movable. Default: all.' })
  zone?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Stop when a block of this order is free, 1 to 10. Default: go on until the scanners meet.',
  })
  order?: number | null;

  @Field(() => CompactModeEnum, { nullable: true, description: 'Default: SYNC, as writing to compact_memory.' })
  mode?: CompactMode | null;
}

@InputType()
export class OfflineMemoryBlockInput extends WorkInput {
  @Field(() => Int, { description: '128 MiB of physical memory, numbered as /sys/devices/system/memory does.' })
  block!: number;
}

@InputType()
export class OnlineMemoryBlockInput extends WorkInput {
  @Field(() => Int)
  block!: number;
}

@InputType()
export class CancelOperationInput {
  @Field(() => ID)
  id!: string;
}

/** The payload of a mutation that starts or changes work. */
function operationPayload(name: string): abstract new () => { operation: unknown } {
  @ObjectType(name)
  class Payload {
    @Field(() => Operation)
    operation!: unknown;
  }
  return Payload;
}

export const SetBalloonTargetPayload = operationPayload('SetBalloonTargetPayload');
export const InflatePayload = operationPayload('InflatePayload');
export const DeflatePayload = operationPayload('DeflatePayload');
export const CompactPayload = operationPayload('CompactPayload');
export const OfflineMemoryBlockPayload = operationPayload('OfflineMemoryBlockPayload');
export const OnlineMemoryBlockPayload = operationPayload('OnlineMemoryBlockPayload');
export const CancelOperationPayload = operationPayload('CancelOperationPayload');

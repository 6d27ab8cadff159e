import type { BalloonState } from '#contracts';
import { Field, Float, Int, ObjectType } from '@nestjs/graphql';
import type { GuestRecord, LatestSample } from '#persistence';
import { BalloonStateEnum } from '../enums.js';
import { DateTime } from '../scalars/date-time.js';
import { Bytes, Count } from '../scalars/whole-number.js';

@ObjectType({ description: 'Share of time that tasks stalled for memory (PSI), 0 to 1, over 10 and 60 seconds.' })
export class MemoryPressure {
  @Field(() => Float, { description: 'Some tasks stalled, over 10 seconds.' })
  some10!: number;

  @Field(() => Float, { description: 'The same over 60 seconds.' })
  some60!: number;

  @Field(() => Float, { description: 'All tasks stalled, over 10 seconds.' })
  full10!: number;

  @Field(() => Float, { description: 'The same over 60 seconds.' })
  full60!: number;
}

@ObjectType({ description: 'A guest by its newest sample.' })
export class GuestMemory {
  @Field(() => Bytes, { description: 'Configured RAM.' })
  assignedBytes!: number;

  @Field(() => Bytes, { description: 'MemTotal.' })
  totalBytes!: number;

  @Field(() => Bytes, { description: 'MemFree.' })
  freeBytes!: number;

  @Field(() => Bytes, { description: 'MemAvailable.' })
  availableBytes!: number;

  @Field(() => Bytes, { description: 'MemTotal less MemAvailable.' })
  usedBytes!: number;

  @Field(() => Bytes)
  cachedBytes!: number;

  @Field(() => Bytes)
  anonBytes!: number;

  @Field(() => Bytes)
  slabBytes!: number;

  @Field(() => Bytes)
  swapUsedBytes!: number;

  @Field(() => Bytes, { description: 'Pages that the host backs.' })
  residentBytes!: number;

  @Field(() => MemoryPressure)
  pressure!: MemoryPressure;

  @Field(() => Float, { description: 'Share of sampled pages that were not touched in the last half minute, 0 to 1.' })
  idleRatio!: number;

  @Field(() => Count, { description: 'Simulated second of the sample.' })
  tick!: number;

  @Field(() => DateTime)
  sampledAt!: Date;
}

@ObjectType({ description: 'The virtio balloon by the newest sample.' })
export class Balloon {
  @Field(() => Bytes, { description: 'The size that was last asked for and acknowledged.' })
  targetBytes!: number;

  @Field(() => Bytes, { description: 'The size it has.' })
  actualBytes!: number;

  @Field(() => BalloonStateEnum)
  state!: BalloonState;

  @Field()
  deflateOnOom!: boolean;

  @Field()
  freePageReporting!: boolean;

  @Field(() => Int, { description: 'Pages of the balloon that compaction or migration has in hand.' })
  isolatedPages!: number;

  @Field(() => Count, { description: 'balloon_inflate of /proc/vmstat, in pages.' })
  inflatedPagesTotal!: number;

  @Field(() => Count, { description: 'balloon_deflate of /proc/vmstat, in pages.' })
  deflatedPagesTotal!: number;

  @Field(() => Count, { description: 'balloon_migrate of /proc/vmstat, in pages.' })
  migratedPagesTotal!: number;
}

export function toMemory({ assignedBytes }: GuestRecord, { values, tick, sampledAt }: LatestSample): GuestMemory {
  return {
    assignedBytes,
    ...values,
    pressure: {
      some10: values.pressureSome10Ratio,
      some60: values.pressureSome60Ratio,
      full10: values.pressureFull10Ratio,
      full60: values.pressureFull60Ratio,
    },
    tick,
    sampledAt,
  };
}

export function toBalloon(
  { targetBytes, features }: GuestRecord,
  { values, balloonState, isolatedPages }: LatestSample,
): Balloon {
  return {
    targetBytes,
    actualBytes: values.balloonActualBytes,
    state: balloonState,
    deflateOnOom: features.deflateOnOom,
    freePageReporting: features.freePageReporting,
    isolatedPages,
    inflatedPagesTotal: values.inflatedPagesTotal,
    deflatedPagesTotal: values.deflatedPagesTotal,
    migratedPagesTotal: values.migratedPagesTotal,
  };
}

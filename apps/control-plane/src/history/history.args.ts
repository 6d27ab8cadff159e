import type { MemoryMetric } from '#contracts';
import type { Aggregate } from '#persistence';
import { ArgsType, Field, Int } from '@nestjs/graphql';
import { AggregateEnum, FleetMetricEnum, MemoryMetricEnum } from '../enums.js';
import { DateTime } from '../scalars/date-time.js';
import { Duration } from '../scalars/duration.js';

@ArgsType()
class RangeArgs {
  @Field(() => DateTime)
  from!: Date;

  @Field(() => DateTime, { description: 'After from, by 400 days at most; samples at this very moment do not count.' })
  to!: Date;

  @Field(() => Duration, {
    nullable: true,
    description:
      'Length of a bucket, from 10 ms on; above 5 min rounded up to whole multiples of 5 min. Default: as maxPoints needs.',
  })
  step?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'At most so many buckets, up to 5000. Default: 500, or 5000 when step is given.',
  })
  maxPoints?: number | null;
}

@ArgsType()
export class GuestHistoryArgs extends RangeArgs {
  @Field(() => [MemoryMetricEnum], { nullable: true, description: 'Default: all.' })
  metrics?: MemoryMetric[] | null;

  @Field(() => AggregateEnum, { defaultValue: 'MEAN' })
  aggregate!: Aggregate;
}

@ArgsType()
export class FleetHistoryArgs extends RangeArgs {
  @Field(() => [FleetMetricEnum], { nullable: true, description: 'Default: all.' })
  metrics?: MemoryMetric[] | null;
}

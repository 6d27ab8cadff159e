import type { MemoryMetric } from '#contracts';
import type { Type } from '@nestjs/common';
import { Field, Float, ObjectType, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import type { HistoryColumns } from '#persistence';
import { FleetMetricEnum, MemoryMetricEnum } from '../enums.js';
import { DateTime } from '../scalars/date-time.js';
import { Duration } from '../scalars/duration.js';

/** The types of a history in columns of equal length, for one enum of metrics. */
function historyTypes(name: string, metricEnum: object): { History: Type; HistoryResolver: Type } {
  @ObjectType(`${name}Series`)
  class Series {
    @Field(() => metricEnum)
    metric!: MemoryMetric;

    @Field(() => [Float], {
      nullable: 'items',
      description: 'A value for each of times; null where there was no sample.',
    })
    values!: (number | null)[];
  }

  @ObjectType(name)
  class History {
    @Field(() => [DateTime], {
      description:
        'Begin of each bucket. Buckets are aligned to UTC; the first one holds from, and samples before it do not count.',
    })
    times!: Date[];

    @Field(() => [Series])
    series!: Series[];
  }

  @Resolver(() => History)
  class HistoryResolver {
    @ResolveField(() => Duration, { description: 'Width of a bucket as it came to be; see the argument step.' })
    step(@Parent() columns: HistoryColumns): number {
      return columns.stepMs;
    }
  }

  return { History, HistoryResolver };
}

export const { History: GuestHistory, HistoryResolver: GuestHistoryResolver } = historyTypes(
  'GuestHistory',
  MemoryMetricEnum,
);
export const { History: FleetHistory, HistoryResolver: FleetHistoryResolver } = historyTypes(
  'FleetHistory',
  FleetMetricEnum,
);

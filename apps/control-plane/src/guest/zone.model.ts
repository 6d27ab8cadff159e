import type { ZoneSample } from '#contracts';
import { Args, Field, Float, Int, ObjectType, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { checkRange } from '../limits/checks.js';

@ObjectType()
export class Watermarks {
  @Field(() => Int)
  minPages!: number;

  @Field(() => Int)
  lowPages!: number;

  @Field(() => Int)
  highPages!: number;
}

@ObjectType()
export class PageblockCount {
  @Field()
  migratetype!: string;

  @Field(() => Int)
  count!: number;
}

@ObjectType()
export class Zone {
  @Field(() => Int)
  node!: number;

  @Field()
  name!: string;

  @Field(() => Int)
  managedPages!: number;

  @Field(() => Int)
  freePages!: number;

  @Field(() => Watermarks)
  watermarks!: Watermarks;

  @Field(() => [Int], { description: 'Number of free blocks of order 0 to 10.' })
  freeBlocks!: readonly number[];

  @Field(() => [PageblockCount])
  pageblocks!: readonly PageblockCount[];
}

const MAX_ORDER = 10;

@Resolver(() => Zone)
export class ZoneResolver {
  @ResolveField(() => Float, {
    description: '−1 when a block of the order is there, else 0 (lack of memory) to 1 (fragmentation).',
  })
  fragmentationIndex(@Parent() zone: ZoneSample, @Args('order', { type: () => Int }) order: number): number {
    return zone.fragmentationIndex[checkRange('order', order, 0, MAX_ORDER)] ?? 0;
  }

  @ResolveField(() => Float, {
    description: 'Share of free memory in blocks that are too small for the order, 0 to 1.',
  })
  unusableIndex(@Parent() zone: ZoneSample, @Args('order', { type: () => Int }) order: number): number {
    return zone.unusableIndex[checkRange('order', order, 0, MAX_ORDER)] ?? 0;
  }
}

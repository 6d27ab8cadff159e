import { Field, Float, Int, ObjectType } from '@nestjs/graphql';
import { Count } from '../scalars/whole-number.js';

@ObjectType({ description: "What a guest's pages are, as a strip of cells from page 0 up, asked of the guest itself." })
export class PageMap {
  @Field(() => Int)
  pagesPerCell!: number;

  @Field(() => [[Float]], {
    description:
      'For each cell the shares of free, balloon, movable, unmovable, reclaimable and offline pages, 0 to 1. Holes in physical ' +
      'memory are none of these.',
  })
  cells!: readonly (readonly number[])[];

  @Field(() => Count, { description: 'Simulated second that it shows.' })
  tick!: number;
}

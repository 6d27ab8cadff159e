import type { GuestRecord, RebalanceMoveRecord } from '#persistence';
import { Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Guest } from '../guest/guest.model.js';
import type { Loaders } from '../loaders.js';
import { RebalanceMove } from './rebalance.model.js';

/** What rebalancing means to a guest. */
@Resolver(() => Guest)
export class GuestMoveResolver {
  @ResolveField(() => RebalanceMove, {
    nullable: true,
    description: 'What rebalancing did last with the guest, and why.',
  })
  lastMove(@Parent() { id }: GuestRecord, @Context('loaders') loaders: Loaders): Promise<RebalanceMoveRecord | null> {
    return loaders.newestMove.load(id);
  }
}

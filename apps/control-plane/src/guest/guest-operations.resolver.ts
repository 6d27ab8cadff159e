/** What ties a guest and its operations, from either end. */
import { Operations, type GuestRecord, type OperationRecord } from '#persistence';
import { Args, Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { found } from '../errors/found.js';
import type { Loaders } from '../loaders.js';
import { Operation, OperationConnection } from '../operation/operation.model.js';
import { pageCost, toConnection, type ConnectionOf } from '../paging/connection.js';
import { PageArgs, toPageRequest } from '../paging/page-args.js';
import { Guest } from './guest.model.js';

/** The work of a guest. */
@Resolver(() => Guest)
export class GuestOperationsResolver {
  constructor(private readonly questions: Operations) {}

  @ResolveField(() => OperationConnection, { complexity: pageCost, description: 'The newest first.' })
  async operations(
    @Parent() guest: GuestRecord,
    @Args() args: PageArgs,
    @Context('loaders') loaders: Loaders,
  ): Promise<ConnectionOf<OperationRecord>> {
    const request = toPageRequest(args);
    const page =
      request.after === null
        ? loaders.operationsOfGuest.load({ parentId: guest.id, first: request.first })
        : this.questions.list({ guestId: guest.id }, request);
    return toConnection(await page);
  }
}

@Resolver(() => Operation)
export class OperationGuestResolver {
  @ResolveField(() => Guest)
  async guest(@Parent() operation: OperationRecord, @Context('loaders') loaders: Loaders): Promise<GuestRecord> {
    return found('a guest', 'guestId', operation.guestId, await loaders.guest.load(operation.guestId));
  }
}

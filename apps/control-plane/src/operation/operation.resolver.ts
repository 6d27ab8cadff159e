import type { OperationStatus } from '#contracts';
import { Operations, type GuestRecord, type OperationRecord } from '#persistence';
import { Args, Context, Field, ID, InputType, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { OperationStatusEnum } from '../enums.js';
import { found } from '../errors/found.js';
import { Guest } from '../guest/guest.model.js';
import type { Loaders } from '../loaders.js';
import { pageCost, toConnection, type ConnectionOf } from '../paging/connection.js';
import { PageArgs, toPageRequest } from '../paging/page-args.js';
import { Operation, OperationConnection } from './operation.model.js';

@InputType()
export class OperationFilter {
  @Field(() => ID, { nullable: true })
  guestId?: string | null;

  @Field(() => [OperationStatusEnum], { nullable: true })
  statuses?: OperationStatus[] | null;
}

@Resolver(() => Operation)
export class OperationResolver {
  constructor(private readonly questions: Operations) {}

  @Query(() => Operation)
  async operation(
    @Args('id', { type: () => ID }) id: string,
    @Context('loaders') loaders: Loaders,
  ): Promise<OperationRecord> {
    return found('an operation', 'id', id, await loaders.operation.load(id));
  }

  @Query(() => OperationConnection, { complexity: pageCost, description: 'The newest first.' })
  async operations(
    @Args() page: PageArgs,
    @Args('filter', { type: () => OperationFilter, nullable: true }) filter: OperationFilter | null,
  ): Promise<ConnectionOf<OperationRecord>> {
    const wanted = { guestId: filter?.guestId ?? undefined, statuses: filter?.statuses ?? undefined };
    return toConnection(await this.questions.list(wanted, toPageRequest(page)));
  }

  @ResolveField(() => Guest)
  async guest(@Parent() operation: OperationRecord, @Context('loaders') loaders: Loaders): Promise<GuestRecord> {
    return found('a guest', 'guestId', operation.guestId, await loaders.guest.load(operation.guestId));
  }
}

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

import type { OperationStatus } from '#contracts';
import { Operations, type OperationRecord } from '#persistence';
import { Args, Context, Field, ID, InputType, Query, Resolver } from '@nestjs/graphql';
import { OperationStatusEnum } from '../enums.js';
import { found } from '../errors/found.js';
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
}

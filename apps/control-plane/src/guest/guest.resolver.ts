import { Guests, type GuestRecord } from '#persistence';
import type { GuestState } from '#contracts';
import { TICK_MS } from '#units';
import { Args, Context, Field, ID, InputType, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { GuestOrder } from '#persistence';
import { GuestOrderEnum, GuestStateEnum } from '../enums.js';
import { found } from '../errors/found.js';
import type { Loaders } from '../loaders.js';
import { pageCost, toConnection, type ConnectionOf } from '../paging/connection.js';
import { PageArgs, toPageRequest } from '../paging/page-args.js';
import { Count } from '../scalars/whole-number.js';
import { Guest, GuestConnection, Workload } from './guest.model.js';
import { describeWorkload } from './workload.js';

@InputType()
export class GuestFilter {
  @Field(() => ID, { nullable: true })
  hostId?: string | null;

  @Field(() => [GuestStateEnum], { nullable: true, description: 'Default: all but DELETED.' })
  states?: GuestState[] | null;

  @Field(() => String, { nullable: true, description: 'Part of the name, in any case of letters.' })
  name?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Those that do not do what rebalancing asks, or those that do.',
  })
  stuck?: boolean | null;
}

@Resolver(() => Guest)
export class GuestResolver {
  constructor(private readonly questions: Guests) {}

  @Query(() => Guest)
  async guest(@Args('id', { type: () => ID }) id: string, @Context('loaders') loaders: Loaders): Promise<GuestRecord> {
    return found('a guest', 'id', id, await loaders.guest.load(id));
  }

  @Query(() => GuestConnection, { complexity: pageCost })
  async guests(
    @Args() page: PageArgs,
    @Args('filter', { type: () => GuestFilter, nullable: true }) filter: GuestFilter | null,
    @Args('orderBy', { type: () => GuestOrderEnum, defaultValue: 'CREATED' }) orderBy: GuestOrder,
  ): Promise<ConnectionOf<GuestRecord>> {
    const wanted = {
      hostId: filter?.hostId ?? undefined,
      states: filter?.states ?? undefined,
      nameContains: filter?.name ?? undefined,
      isStuck: filter?.stuck ?? undefined,
    };
    return toConnection(await this.questions.list(wanted, orderBy, toPageRequest(page)));
  }

  @ResolveField(() => Count, { nullable: true })
  heldUntilTick(@Parent() { heldUntilMs }: GuestRecord): number | null {
    return tickOf(heldUntilMs);
  }

  @ResolveField(() => Count, { nullable: true })
  stuckSinceTick(@Parent() { stuckSinceMs }: GuestRecord): number | null {
    return tickOf(stuckSinceMs);
  }

  @ResolveField(() => Count, { nullable: true })
  forgivenAtTick(@Parent() { forgivenAtMs }: GuestRecord): number | null {
    return tickOf(forgivenAtMs);
  }

  @ResolveField(() => Workload)
  async workload(@Parent() { workload }: GuestRecord, @Context('loaders') loaders: Loaders): Promise<Workload> {
    const trace = workload.kind === 'TRACE' ? await loaders.trace.load(workload.traceId) : null;
    return { kind: workload.kind, description: describeWorkload(workload, trace?.name) };
  }
}

function tickOf(simulatedMs: number | null): number | null {
  return simulatedMs === null ? null : Math.ceil(simulatedMs / TICK_MS);
}

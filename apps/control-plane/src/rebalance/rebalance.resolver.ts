import {
  RebalanceSchedules,
  Rebalances,
  type GuestRecord,
  type HostRecord,
  type OperationRecord,
  type RebalanceHostRecord,
  type RebalanceMoveRecord,
  type RebalanceRunRecord,
  type RebalanceScheduleRecord,
} from '#persistence';
import type { Plan } from '#policy';
import { Args, Context, ID, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { found } from '../errors/found.js';
import { Guest } from '../guest/guest.model.js';
import { Host } from '../host/host.model.js';
import type { Loaders } from '../loaders.js';
import { Operation } from '../operation/operation.model.js';
import { pageCost, toConnection, type ConnectionOf } from '../paging/connection.js';
import { PageArgs, toPageRequest } from '../paging/page-args.js';
import { Json } from '../scalars/json.js';
import {
  RebalanceHost,
  RebalanceMove,
  RebalanceRun,
  RebalanceRunConnection,
  RebalanceSchedule,
  type UntouchedGuest,
} from './rebalance.model.js';

/** A run has some hosts with some guests each. */
const HOSTS = 10;
const MOVES = 100;
const SCHEDULES = 50;

@Resolver(() => RebalanceRun)
export class RebalanceResolver {
  constructor(
    private readonly questions: Rebalances,
    private readonly schedules: RebalanceSchedules,
  ) {}

  @Query(() => RebalanceRun)
  async rebalanceRun(@Args('id', { type: () => ID }) id: string): Promise<RebalanceRunRecord> {
    const [run] = await this.questions.find([id]);
    return found('a rebalancing run', 'id', id, run);
  }

  @Query(() => RebalanceRunConnection, { complexity: pageCost, description: 'The newest first.' })
  async rebalanceRuns(
    @Args() page: PageArgs,
    @Args('hostId', { type: () => ID, nullable: true }) hostId: string | null,
    @Args('scheduleId', { type: () => ID, nullable: true }) scheduleId: string | null,
  ): Promise<ConnectionOf<RebalanceRunRecord>> {
    const filter = { hostId: hostId ?? undefined, scheduleId: scheduleId ?? undefined };
    return toConnection(await this.questions.list(filter, toPageRequest(page)));
  }

  @Query(() => [RebalanceSchedule], {
    complexity: ({ childComplexity }) => SCHEDULES * childComplexity,
    description: 'In the order of their creation.',
  })
  rebalanceSchedules(): Promise<RebalanceScheduleRecord[]> {
    return this.schedules.list();
  }

  @ResolveField(() => [RebalanceHost], { complexity: ({ childComplexity }) => HOSTS * childComplexity })
  hosts(
    @Parent() run: RebalanceRunRecord,
    @Context('loaders') loaders: Loaders,
  ): Promise<readonly RebalanceHostRecord[]> {
    return loaders.rebalanceHosts.load(run.id);
  }

  @ResolveField(() => [RebalanceMove], {
    complexity: ({ childComplexity }) => MOVES * childComplexity,
    description: 'In the order of the plan, host by host.',
  })
  plan(
    @Parent() run: RebalanceRunRecord,
    @Context('loaders') loaders: Loaders,
  ): Promise<readonly RebalanceMoveRecord[]> {
    return loaders.rebalanceMoves.load(run.id);
  }

  @ResolveField(() => [Operation], { complexity: ({ childComplexity }) => MOVES * childComplexity })
  async operations(
    @Parent() run: RebalanceRunRecord,
    @Context('loaders') loaders: Loaders,
  ): Promise<OperationRecord[]> {
    const moves = await loaders.rebalanceMoves.load(run.id);
    const ids = moves.flatMap(({ operationId }) => (operationId === null ? [] : [operationId]));
    const operations = await Promise.all(ids.map((id) => loaders.operation.load(id)));
    return operations.filter((operation) => operation !== null);
  }

  @ResolveField(() => [Json], {
    complexity: HOSTS,
    description: 'For each host that was planned: policy, parameters, the view it decided on and what it remembered.',
  })
  async inputs(@Parent() run: RebalanceRunRecord, @Context('loaders') loaders: Loaders): Promise<unknown[]> {
    const hosts = await loaders.rebalanceHosts.load(run.id);
    return hosts
      .filter(({ view }) => view !== null)
      .map(({ hostId, policy, parameters, view, memory }) => ({ hostId, policy, parameters, view, memory }));
  }
}

@Resolver(() => RebalanceHost)
export class RebalanceHostResolver {
  @ResolveField(() => Host, { nullable: true, description: 'Null when it was deleted.' })
  host(@Parent() { hostId }: RebalanceHostRecord, @Context('loaders') loaders: Loaders): Promise<HostRecord | null> {
    return loaders.host.load(hostId);
  }

  @ResolveField()
  neededBytes(@Parent() host: RebalanceHostRecord): number | null {
    return planOf(host)?.neededBytes ?? null;
  }

  @ResolveField()
  plannedBytes(@Parent() host: RebalanceHostRecord): number | null {
    return planOf(host)?.plannedBytes ?? null;
  }

  @ResolveField()
  unreachable(@Parent() host: RebalanceHostRecord): string | null {
    return planOf(host)?.unreachable ?? null;
  }

  @ResolveField()
  untouched(@Parent() host: RebalanceHostRecord): readonly UntouchedGuest[] {
    return planOf(host)?.untouched ?? [];
  }
}

/** As the worker stored it. */
function planOf({ plan }: RebalanceHostRecord): Plan | null {
  return plan as Plan | null;
}

@Resolver(() => RebalanceMove)
export class RebalanceMoveResolver {
  @ResolveField(() => Guest, { nullable: true, description: 'Null when it was deleted.' })
  guest(@Parent() { guestId }: RebalanceMoveRecord, @Context('loaders') loaders: Loaders): Promise<GuestRecord | null> {
    return loaders.guest.load(guestId);
  }

  @ResolveField(() => Operation, { nullable: true })
  async operation(
    @Parent() { operationId }: RebalanceMoveRecord,
    @Context('loaders') loaders: Loaders,
  ): Promise<OperationRecord | null> {
    return operationId === null ? null : loaders.operation.load(operationId);
  }
}

@Resolver(() => RebalanceSchedule)
export class RebalanceScheduleResolver {
  @ResolveField(() => Host, { nullable: true, description: 'Null: every host.' })
  async host(
    @Parent() { hostId }: RebalanceScheduleRecord,
    @Context('loaders') loaders: Loaders,
  ): Promise<HostRecord | null> {
    return hostId === null ? null : loaders.host.load(hostId);
  }
}

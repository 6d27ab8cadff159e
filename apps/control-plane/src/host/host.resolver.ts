import { Guests, Hosts, type GuestRecord, type HostRecord, type HostUsage } from '#persistence';
import { Args, Context, ID, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { found } from '../errors/found.js';
import { GuestConnection } from '../guest/guest.model.js';
import type { Loaders } from '../loaders.js';
import { pageCost, toConnection, type ConnectionOf } from '../paging/connection.js';
import { PageArgs, toPageRequest } from '../paging/page-args.js';
import { requireParameters, requirePolicy } from '../policy/host-policy.js';
import { Ratio } from '../scalars/ratio.js';
import { Bytes } from '../scalars/whole-number.js';
import { Host, HostConnection, HostPolicy } from './host.model.js';
import { overcommitRatio } from './overcommit.js';

const NO_USAGE: HostUsage = { assignedBytes: 0, usedBytes: 0, residentBytes: 0, swapUsedBytes: 0 };

@Resolver(() => Host)
export class HostResolver {
  constructor(
    private readonly hostQuestions: Hosts,
    private readonly guestQuestions: Guests,
  ) {}

  @Query(() => Host)
  async host(@Args('id', { type: () => ID }) id: string, @Context('loaders') loaders: Loaders): Promise<HostRecord> {
    return found('a host', 'id', id, await loaders.host.load(id));
  }

  @Query(() => HostConnection, { complexity: pageCost })
  async hosts(@Args() args: PageArgs): Promise<ConnectionOf<HostRecord>> {
    return toConnection(await this.hostQuestions.list(toPageRequest(args)));
  }

  @ResolveField(() => HostPolicy)
  policy(@Parent() { policy, parameters }: HostRecord): HostPolicy {
    const known = requirePolicy('policy', policy);
    return { name: policy, parameters: requireParameters('parameters', known, parameters) };
  }

  @ResolveField(() => GuestConnection, { complexity: pageCost, description: 'Guests that are not deleted.' })
  async guests(
    @Parent() host: HostRecord,
    @Args() args: PageArgs,
    @Context('loaders') loaders: Loaders,
  ): Promise<ConnectionOf<GuestRecord>> {
    const request = toPageRequest(args);
    const page =
      request.after === null
        ? loaders.guestsOfHost.load({ parentId: host.id, first: request.first })
        : this.guestQuestions.list({ hostId: host.id }, 'CREATED', request);
    return toConnection(await page);
  }

  @ResolveField(() => Bytes)
  async assignedBytes(@Parent() host: HostRecord, @Context('loaders') loaders: Loaders): Promise<number> {
    return (await usageOf(host, loaders)).assignedBytes;
  }

  @ResolveField(() => Bytes)
  async usedBytes(@Parent() host: HostRecord, @Context('loaders') loaders: Loaders): Promise<number> {
    return (await usageOf(host, loaders)).usedBytes;
  }

  @ResolveField(() => Bytes)
  async residentBytes(@Parent() host: HostRecord, @Context('loaders') loaders: Loaders): Promise<number> {
    return (await usageOf(host, loaders)).residentBytes;
  }

  @ResolveField(() => Bytes)
  async swapUsedBytes(@Parent() host: HostRecord, @Context('loaders') loaders: Loaders): Promise<number> {
    return (await usageOf(host, loaders)).swapUsedBytes;
  }

  @ResolveField(() => Ratio, { description: 'Assigned / capacity.' })
  async overcommitRatio(@Parent() host: HostRecord, @Context('loaders') loaders: Loaders): Promise<number> {
    return overcommitRatio({ ...host, ...(await usageOf(host, loaders)) });
  }
}

async function usageOf(host: HostRecord, loaders: Loaders): Promise<HostUsage> {
  return (await loaders.hostUsage.load(host.id)) ?? NO_USAGE;
}

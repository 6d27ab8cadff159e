import { DomainError } from '#contracts';
import {
  Experiments,
  Guests,
  Hosts,
  Operations,
  type ExperimentRecord,
  type GuestRecord,
  type HostRecord,
  type OperationRecord,
} from '#persistence';
import { Args, Field, ID, ObjectType, Parent, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import { found } from '../errors/found.js';
import { Experiment } from '../experiment/experiment.model.js';
import { Guest } from '../guest/guest.model.js';
import { Balloon, GuestMemory, toBalloon, toMemory } from '../guest/memory.model.js';
import { Host } from '../host/host.model.js';
import { Operation } from '../operation/operation.model.js';
import { DateTime } from '../scalars/date-time.js';
import { Count } from '../scalars/whole-number.js';
import type { Named } from './broadcast.js';
import { FleetFeed, type MemorySampled } from './fleet-feed.js';

type Events<Name extends string, Event> = AsyncIterableIterator<Named<Name, Event>>;

const MAX_GUEST_IDS = 500;

@ObjectType({
  description: 'A guest was sampled. Comes every five simulated seconds and when an operation of the guest ends.',
})
export class MemorySampledEvent {
  @Field(() => Guest)
  guest!: unknown;
}

@Resolver(() => MemorySampledEvent)
export class MemorySampledResolver {
  @ResolveField(() => ID)
  guestId(@Parent() { guest }: MemorySampled): string {
    return guest.id;
  }

  @ResolveField(() => Count)
  tick(@Parent() { sample }: MemorySampled): number {
    return sample.tick;
  }

  @ResolveField(() => DateTime)
  sampledAt(@Parent() { sample }: MemorySampled): Date {
    return sample.sampledAt;
  }

  @ResolveField(() => GuestMemory)
  memory(@Parent() { guest, sample }: MemorySampled): GuestMemory {
    return toMemory(guest, sample);
  }

  @ResolveField(() => Balloon)
  balloon(@Parent() { guest, sample }: MemorySampled): Balloon {
    return toBalloon(guest, sample);
  }
}

@Resolver()
export class SubscriptionResolver {
  constructor(
    private readonly feed: FleetFeed,
    private readonly guests: Guests,
    private readonly hosts: Hosts,
    private readonly operations: Operations,
    private readonly experiments: Experiments,
  ) {}

  @Subscription(() => MemorySampledEvent, { description: 'Of one host, of some guests, or of the fleet.' })
  async memorySampled(
    @Args('hostId', { type: () => ID, nullable: true }) hostId: string | null,
    @Args('guestIds', { type: () => [ID], nullable: true }) guestIds: string[] | null,
  ): Promise<Events<'memorySampled', MemorySampled>> {
    if (hostId != null) found('a host', 'hostId', hostId, (await this.hosts.find([hostId]))[0]);
    const wanted = guestIds == null ? null : await this.#guests(guestIds);
    return this.feed.samples.subscribe(
      ({ guest }) => (hostId == null || guest.hostId === hostId) && (wanted === null || wanted.has(guest.id)),
    );
  }

  @Subscription(() => Operation, {
    description: 'Operations that were acknowledged, began or ended: of one guest, one of them, or all.',
  })
  async operationUpdated(
    @Args('guestId', { type: () => ID, nullable: true }) guestId: string | null,
    @Args('id', { type: () => ID, nullable: true }) id: string | null,
  ): Promise<Events<'operationUpdated', OperationRecord>> {
    if (guestId != null) await this.#guests([guestId], 'guestId');
    if (id != null) found('an operation', 'id', id, (await this.operations.find([id]))[0]);
    return this.feed.operations.subscribe(
      (operation) => (guestId == null || operation.guestId === guestId) && (id == null || operation.id === id),
    );
  }

  @Subscription(() => Experiment, { description: 'An experiment or one of its cells got on.' })
  async experimentProgressed(
    @Args('id', { type: () => ID }) id: string,
  ): Promise<Events<'experimentProgressed', ExperimentRecord>> {
    found('an experiment', 'id', id, (await this.experiments.find([id]))[0]);
    return this.feed.experiments.subscribe((experiment) => experiment.id === id);
  }

  @Subscription(() => Host, { description: 'Hosts that came into another state.' })
  hostStateChanged(): Events<'hostStateChanged', HostRecord> {
    return this.feed.hosts.subscribe(() => true);
  }

  async #guests(ids: readonly string[], field = 'guestIds'): Promise<Set<string>> {
    if (ids.length > MAX_GUEST_IDS) {
      throw new DomainError('BAD_INPUT', `${field} must be at most ${MAX_GUEST_IDS} ids, got ${ids.length}`, field);
    }
    const known = new Map((await this.guests.find(ids)).map((guest): [string, GuestRecord] => [guest.id, guest]));
    for (const id of ids) found('a guest', field, id, known.get(id));
    return new Set(known.keys());
  }
}

import { Guests, Traces } from '#persistence';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { checkName } from '../limits/checks.js';
import { GuestJobs } from './guest-jobs.js';
import {
  CreateGuestsInput,
  CreateGuestsPayload,
  DeleteGuestInput,
  DeleteGuestPayload,
  UpdateGuestInput,
  UpdateGuestPayload,
} from './guest.inputs.js';
import { admitByFloors, checkCount, checkShares, planGuests } from './plan-guests.js';
import { planWorkloads } from './workload.js';

@Resolver()
export class GuestMutationsResolver {
  constructor(
    private readonly guests: Guests,
    private readonly traces: Traces,
    private readonly jobs: GuestJobs,
  ) {}

  @Mutation(() => CreateGuestsPayload, {
    description: 'Answers when the guests have booted (or after 10 s, then without samples).',
  })
  async createGuests(@Args('input') input: CreateGuestsInput): Promise<CreateGuestsPayload> {
    const workloads = await planWorkloads(this.traces, input.workload ?? {}, checkCount(input));
    const drafts = planGuests(input, workloads);
    const guests = await this.guests.create(input.hostId, drafts, admitByFloors);
    await this.jobs.boot(guests.map((guest) => guest.id));
    return { guests };
  }

  @Mutation(() => UpdateGuestPayload)
  async updateGuest(
    @Args('input') { id, name, minBytes, maxBytes, shares }: UpdateGuestInput,
  ): Promise<UpdateGuestPayload> {
    const change = {
      name: name == null ? undefined : checkName('input.name', name),
      minBytes: minBytes ?? undefined,
      maxBytes: maxBytes ?? undefined,
      shares: shares == null ? undefined : checkShares(shares),
    };
    return { guest: await this.guests.update(id, change, admitByFloors) };
  }

  @Mutation(() => DeleteGuestPayload)
  async deleteGuest(@Args('input') { id }: DeleteGuestInput): Promise<DeleteGuestPayload> {
    await this.guests.delete(id);
    await this.jobs.announceDeleted([id]);
    return { deletedId: id };
  }
}

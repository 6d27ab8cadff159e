import { Guests, Traces, type GuestDraft, type PlacedGuest } from '#persistence';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { found } from '../errors/found.js';
import { badInput, checkName } from '../limits/checks.js';
import { OperationWork } from '../operation/operation-work.js';
import { requestFrame } from '../operation/request-frame.js';
import { GuestJobs } from './guest-jobs.js';
import {
  CreateGuestsInput,
  CreateGuestsPayload,
  DeleteGuestInput,
  DeleteGuestPayload,
  PauseGuestInput,
  PauseGuestPayload,
  ResumeGuestInput,
  ResumeGuestPayload,
  UpdateGuestInput,
  UpdateGuestPayload,
} from './guest.inputs.js';
import { admitByFloors, checkCount, checkShares, placeBy, planGuests } from './plan-guests.js';
import { planWorkloads } from './workload.js';

/** So long a mutation waits for the tick that pauses or resumes a guest. */
const SWITCH_LIMIT_MS = 5_000;

@Resolver()
export class GuestMutationsResolver {
  constructor(
    private readonly guests: Guests,
    private readonly traces: Traces,
    private readonly jobs: GuestJobs,
    private readonly work: OperationWork,
  ) {}

  @Mutation(() => CreateGuestsPayload, {
    description: 'Answers when the guests have booted (or after 10 s, then without samples).',
  })
  async createGuests(@Args('input') input: CreateGuestsInput): Promise<CreateGuestsPayload> {
    const workloads = await planWorkloads(this.traces, input.workload ?? {}, checkCount(input));
    const drafts = planGuests(input, workloads);
    const placements = await this.#create(input, drafts);
    const guests = placements.map(({ guest }) => guest);
    await this.jobs.boot(guests.map((guest) => guest.id));
    return { guests, placements };
  }

  async #create({ hostId, placement }: CreateGuestsInput, drafts: readonly GuestDraft[]): Promise<PlacedGuest[]> {
    if ((hostId == null) === (placement == null)) {
      throw badInput('input', 'given either hostId or placement', hostId == null ? 'neither' : 'both');
    }
    if (placement != null) return this.guests.place(drafts, placeBy(placement));
    const guests = await this.guests.create(hostId ?? '', drafts, admitByFloors);
    return guests.map((guest) => ({ guest, reason: 'hostId was given' }));
  }

  @Mutation(() => UpdateGuestPayload, { description: 'Changes what is given; the rest stays.' })
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

  @Mutation(() => PauseGuestPayload, {
    description: 'The guest stops at its next tick and does not age until it is resumed; its memory stays.',
  })
  pauseGuest(@Args('input') input: PauseGuestInput): Promise<PauseGuestPayload> {
    return this.#switchRun(input, 'PAUSE');
  }

  @Mutation(() => ResumeGuestPayload, { description: 'The guest goes on where it was paused.' })
  resumeGuest(@Args('input') input: ResumeGuestInput): Promise<ResumeGuestPayload> {
    return this.#switchRun(input, 'RESUME');
  }

  async #switchRun(
    { id, idempotencyKey }: PauseGuestInput,
    kind: 'PAUSE' | 'RESUME',
  ): Promise<{ guest: unknown; operation: unknown }> {
    const [known] = await this.guests.find([id]);
    found('a guest', 'input.id', id, known?.state === 'DELETED' ? null : known);
    const frame = requestFrame({ guestId: id, idempotencyKey: idempotencyKey ?? null });
    const operation = await this.work.startAndWait({ ...frame, kind, work: { kind } }, SWITCH_LIMIT_MS);
    const [guest] = await this.guests.find([id]);
    return { guest: found('a guest', 'input.id', id, guest), operation };
  }

  @Mutation(() => DeleteGuestPayload)
  async deleteGuest(@Args('input') { id }: DeleteGuestInput): Promise<DeleteGuestPayload> {
    await this.guests.delete(id);
    await this.jobs.announceDeleted([id]);
    return { deletedId: id };
  }
}

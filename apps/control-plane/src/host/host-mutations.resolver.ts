import { Hosts } from '#persistence';
import { MIB } from '#units';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { GuestJobs } from '../guest/guest-jobs.js';
import { badInput, checkName, checkRange } from '../limits/checks.js';
import { requireParameters, requirePolicy } from '../policy/host-policy.js';
import { CreateHostInput, CreateHostPayload, DeleteHostInput, DeleteHostPayload } from './host.inputs.js';

const MIN_CAPACITY_BYTES = 64 * MIB;
const DEFAULT_POLICY = 'none';

@Resolver()
export class HostMutationsResolver {
  constructor(
    private readonly hosts: Hosts,
    private readonly jobs: GuestJobs,
  ) {}

  @Mutation(() => CreateHostPayload)
  async createHost(@Args('input') input: CreateHostInput): Promise<CreateHostPayload> {
    const { capacityBytes } = input;
    const reservedBytes = input.reservedBytes ?? 0;
    checkRange('input.capacityBytes', capacityBytes, MIN_CAPACITY_BYTES, Number.MAX_SAFE_INTEGER);
    if (reservedBytes > capacityBytes) {
      throw badInput('input.reservedBytes', `at most capacityBytes, ${capacityBytes}`, reservedBytes);
    }
    const policy = requirePolicy('input.policy', input.policy ?? DEFAULT_POLICY);
    requireParameters('input.parameters', policy, input.parameters);
    const host = await this.hosts.create({
      name: checkName('input.name', input.name),
      capacityBytes,
      reservedBytes,
      swapBytes: input.swapBytes ?? 0,
      policy: policy.name,
      parameters: (input.parameters ?? {}) as Record<string, unknown>,
    });
    return { host };
  }

  @Mutation(() => DeleteHostPayload, { description: 'One with guests is refused unless evict deletes them, too.' })
  async deleteHost(@Args('input') { id, evict }: DeleteHostInput): Promise<DeleteHostPayload> {
    await this.jobs.announceDeleted(await this.hosts.delete(id, evict ?? false));
    return { deletedId: id };
  }
}

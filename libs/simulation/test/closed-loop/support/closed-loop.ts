/** What closed-loop tests say of a simulated host in a word. */
import type { GuestOptions, Workload } from '#guest';
import { findPolicy, parseParameters, type Policy } from '#policy';
import { PAGE_SIZE_BYTES } from '#units';
import type { HostGuest, HostGuestSpec } from '../../../src/host/host-guest.js';
import type { HostOptions, HostSimulation } from '../../../src/host/host-simulation.js';

export function policyOf(name: string, parameters: object = {}): HostOptions['policy'] {
  const found = findPolicy(name);
  if (!found.ok) throw new Error(`there is no policy ${name}`);
  return { rule: found.value, parameters: valuesOf(found.value, parameters) };
}

function valuesOf(policy: Policy, parameters: object): NonNullable<HostOptions['policy']>['parameters'] {
  const parsed = parseParameters(policy, parameters);
  if (!parsed.ok) throw new Error(parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('; '));
  return parsed.value;
}

export function aGuest(id: string, assignedBytes: number, minBytes: number, workload: Workload): HostGuestSpec {
  const options: GuestOptions = {
    assignedBytes,
    numaNodes: 1,
    kernelProfile: '6.12',
    memoryBallooning: true,
    balloonCompaction: true,
    deflateOnOom: false,
    freePageReporting: false,
    freePageHinting: false,
    workload,
    seed: id.charCodeAt(0),
  };
  return { id, options, minBytes, shares: 1000, loadAt: () => 1 };
}

/** Steps are of one second. */
export function run(host: HostSimulation, seconds: number): void {
  for (let second = 0; second < seconds; second++) host.step();
}

export function guestOf(host: HostSimulation, id: string): HostGuest {
  const found = host.guests.find(({ spec }) => spec.id === id);
  if (found === undefined) throw new Error(`there is no guest ${id}`);
  return found;
}

/** What the guest is configured with less its balloon. */
export function sizeBytes({ assignedPages, balloonPages }: HostGuest): number {
  return (assignedPages - balloonPages) * PAGE_SIZE_BYTES;
}

import type { GuestSample, OperationResult } from '#contracts';
import type { GuestStateChange } from '#persistence';

/**
 * The states that a step may have brought, one a guest: every one but RUNNING, and RUNNING where work ended, since that may have
 * woken the guest. Samples of a guest ascend in time.
 */
export function stateChanges(samples: readonly GuestSample[], results: readonly OperationResult[]): GuestStateChange[] {
  const worked = new Set(results.map((result) => result.guestId));
  const newest = new Map(samples.map((sample) => [sample.guestId, sample]));
  return [...newest.values()]
    .filter((sample) => sample.state !== 'RUNNING' || worked.has(sample.guestId))
    .map(({ guestId, state, stateReason }) => ({ guestId, state, reason: stateReason }));
}

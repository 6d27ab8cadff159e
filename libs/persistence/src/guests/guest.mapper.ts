import {
  DEFAULT_GUEST_FEATURES,
  MEMORY_METRICS,
  type BalloonState,
  type GuestFeatures,
  type GuestState,
  type KernelProfile,
  type MemoryMetric,
  type MemoryValues,
  type WorkloadSpec,
  type ZoneSample,
} from '#contracts';
import type { Guest, GuestLatest } from '../generated/client.js';

export interface GuestRecord {
  readonly id: string;
  readonly hostId: string;
  readonly name: string;
  readonly state: GuestState;
  readonly stateReason: string | null;
  readonly assignedBytes: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly shares: number;
  readonly kernelProfile: KernelProfile;
  readonly numaNodes: number;
  readonly features: GuestFeatures;
  readonly workload: WorkloadSpec;
  readonly seed: number;
  /** Size of the balloon that was last asked for and acknowledged. */
  readonly targetBytes: number;
  /** Simulated milliseconds until which rebalancing leaves its balloon alone; null: never held. */
  readonly heldUntilMs: number | null;
  /** Since when it does not do what rebalancing asks, and when it is tried again; null: it does. */
  readonly stuckSinceMs: number | null;
  readonly forgivenAtMs: number | null;
  /** Null until the guest has booted. */
  readonly bornTick: number | null;
  readonly createdAt: Date;
}

/** The newest sample of a guest, without its long parts. */
export interface LatestSample {
  readonly guestId: string;
  readonly tick: number;
  readonly sampledAt: Date;
  readonly balloonState: BalloonState;
  readonly isolatedPages: number;
  readonly values: MemoryValues;
}

/** The long parts of the newest sample. */
export interface LatestDetail {
  readonly guestId: string;
  readonly zones: readonly ZoneSample[];
  readonly vmstat: readonly (readonly [name: string, value: number])[];
}

/** Columns that are no part of a guest as others see it. */
type NotShown = 'shardId' | 'nextSequence' | 'deletedAt' | 'stuckCount';

export function toGuest(row: Guest): GuestRecord {
  return {
    id: row.id,
    hostId: row.hostId,
    name: row.name,
    state: row.state as GuestState,
    stateReason: row.stateReason,
    assignedBytes: Number(row.assignedBytes),
    minBytes: Number(row.minBytes),
    maxBytes: Number(row.maxBytes),
    shares: row.shares,
    kernelProfile: row.kernelProfile as KernelProfile,
    numaNodes: row.numaNodes,
    features: { ...DEFAULT_GUEST_FEATURES, ...(row.features as unknown as Partial<GuestFeatures>) },
    workload: row.workload as unknown as WorkloadSpec,
    seed: Number(row.seed),
    targetBytes: Number(row.targetBytes),
    heldUntilMs: numberOrNull(row.heldUntilMs),
    stuckSinceMs: numberOrNull(row.stuckSinceMs),
    forgivenAtMs: numberOrNull(row.forgivenAtMs),
    bornTick: numberOrNull(row.bornTick),
    createdAt: row.createdAt,
  } satisfies Record<Exclude<keyof Guest, NotShown>, unknown>;
}

function numberOrNull(value: bigint | null): number | null {
  return value === null ? null : Number(value);
}

export function toLatest(row: Omit<GuestLatest, 'zones' | 'vmstat' | 'stateDigest'>): LatestSample {
  return {
    guestId: row.guestId,
    tick: Number(row.tick),
    sampledAt: row.sampledAt,
    balloonState: row.balloonState as BalloonState,
    isolatedPages: row.isolatedPages,
    values: Object.fromEntries(MEMORY_METRICS.map((metric) => [metric, Number(row[metric])])) as Record<
      MemoryMetric,
      number
    >,
  };
}

export function toDetail(row: Pick<GuestLatest, 'guestId' | 'zones' | 'vmstat'>): LatestDetail {
  return {
    guestId: row.guestId,
    zones: row.zones as unknown as LatestDetail['zones'],
    vmstat: row.vmstat as unknown as LatestDetail['vmstat'],
  };
}

import type { HostState } from '#contracts';
import type { Host } from '../generated/client.js';

export interface HostRecord {
  readonly id: string;
  readonly name: string;
  readonly capacityBytes: number;
  readonly reservedBytes: number;
  readonly swapBytes: number;
  readonly policy: string;
  /** As they were given; the policy knows the defaults of the rest. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly state: HostState;
  readonly createdAt: Date;
}

export function toHost(row: Host): HostRecord {
  return {
    id: row.id,
    name: row.name,
    capacityBytes: Number(row.capacityBytes),
    reservedBytes: Number(row.reservedBytes),
    swapBytes: Number(row.swapBytes),
    policy: row.policy,
    parameters: row.parameters as Record<string, unknown>,
    state: row.state as HostState,
    createdAt: row.createdAt,
  } satisfies Record<Exclude<keyof Host, 'deletedAt'>, unknown>;
}

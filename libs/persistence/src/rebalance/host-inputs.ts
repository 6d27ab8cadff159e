/** What a decision about a host is made from, read in one snapshot of the database. */
import { MEMORY_METRICS, type GuestState, type HostState, type ZoneSample } from '#contracts';
import type { PoolClient } from 'pg';
import type { Database } from '../database.js';

export interface HostInputs {
  readonly id: string;
  readonly state: HostState;
  readonly capacityBytes: number;
  readonly reservedBytes: number;
  readonly swapBytes: number;
  /** The host's own policy and its parameters. */
  readonly policy: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Simulated time of the last stored tick. */
  readonly timeMs: number;
  readonly guests: readonly GuestInputs[];
}

/** A guest with its newest sample; the figures of the sample are null before the first one. */
export interface GuestInputs {
  readonly id: string;
  readonly name: string;
  readonly state: GuestState;
  readonly assignedBytes: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly shares: number;
  readonly targetBytes: number;
  readonly heldUntilMs: number | null;
  readonly stuckSinceMs: number | null;
  readonly forgivenAtMs: number | null;
  /** When the newest change of its target was taken; null: never. */
  readonly lastMovedMs: number | null;
  readonly sampledMs: number | null;
  readonly totalBytes: number | null;
  readonly freeBytes: number | null;
  readonly availableBytes: number | null;
  readonly usedBytes: number | null;
  readonly cachedBytes: number | null;
  readonly anonBytes: number | null;
  readonly swapUsedBytes: number | null;
  readonly residentBytes: number | null;
  readonly balloonActualBytes: number | null;
  readonly some10: number | null;
  readonly some60: number | null;
  readonly full10: number | null;
  readonly full60: number | null;
  readonly unusableIndex9: number | null;
  readonly idleRatio: number | null;
  /** Programs that its OOM killer has killed since it booted. */
  readonly oomKillsTotal: number | null;
  readonly zones: readonly ZoneSample[] | null;
  /** Mean of what was in use in each cell of five minutes of the last day, the oldest first; null for a cell without samples. */
  readonly demandBytes: readonly (number | null)[];
}

export const DEMAND_STEP_MS = 300_000;
const DEMAND_HOURS = 24;
/** Arrays of PostgreSQL begin at 1. */
const USED_BYTES_AT = MEMORY_METRICS.indexOf('usedBytes') + 1;

/** Null when the host does not exist any more. */
export async function loadHostInputs(database: Database, hostId: string): Promise<HostInputs | null> {
  return database.transaction(async (client) => {
    await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    const { rows } = await client.query<Omit<HostInputs, 'guests'>>(
      `SELECT id, state, capacity_bytes::float8 AS "capacityBytes", reserved_bytes::float8 AS "reservedBytes",
              swap_bytes::float8 AS "swapBytes", policy, parameters,
              (SELECT coalesce(max(tick), 0) FROM shard)::float8 * 1000 AS "timeMs"
         FROM host WHERE id = $1 AND deleted_at IS NULL`,
      [hostId],
    );
    const [host] = rows;
    return host === undefined ? null : { ...host, guests: await loadGuests(client, hostId) };
  });
}

async function loadGuests(client: PoolClient, hostId: string): Promise<GuestInputs[]> {
  const { rows } = await client.query<GuestInputs>(
    `SELECT g.id, g.name, g.state, g.assigned_bytes::float8 AS "assignedBytes", g.min_bytes::float8 AS "minBytes",
            g.max_bytes::float8 AS "maxBytes", g.shares, g.target_bytes::float8 AS "targetBytes",
            g.held_until_ms::float8 AS "heldUntilMs", g.stuck_since_ms::float8 AS "stuckSinceMs",
            g.forgiven_at_ms::float8 AS "forgivenAtMs", moved.tick::float8 * 1000 AS "lastMovedMs",
            l.tick::float8 * 1000 AS "sampledMs", l.total_bytes::float8 AS "totalBytes", l.free_bytes::float8 AS "freeBytes",
            l.available_bytes::float8 AS "availableBytes", l.used_bytes::float8 AS "usedBytes",
            l.cached_bytes::float8 AS "cachedBytes", l.anon_bytes::float8 AS "anonBytes",
            l.swap_used_bytes::float8 AS "swapUsedBytes", l.resident_bytes::float8 AS "residentBytes",
            l.balloon_actual_bytes::float8 AS "balloonActualBytes", l.pressure_some10_ratio AS some10,
            l.pressure_some60_ratio AS some60, l.pressure_full10_ratio AS full10, l.pressure_full60_ratio AS full60,
            l.unusable_index9_ratio AS "unusableIndex9", l.idle_ratio AS "idleRatio", l.zones,
            (SELECT (counter ->> 1)::float8 FROM jsonb_array_elements(l.vmstat) counter WHERE counter ->> 0 = 'oom_kill') AS "oomKillsTotal",
            coalesce(demand.cells, '{}') AS "demandBytes"
       FROM guest g
       LEFT JOIN guest_latest l ON l.guest_id = g.id
       LEFT JOIN LATERAL (SELECT max(applied_tick) AS tick FROM operation WHERE guest_id = g.id AND target_bytes IS NOT NULL) moved ON true
       LEFT JOIN LATERAL (
         SELECT array_agg(r.sum_values[$2] / r.sample_count ORDER BY cell.at) AS cells
           FROM (SELECT min(cell_at) AS first, max(cell_at) AS last FROM memory_rollup
                  WHERE guest_id = g.id AND cell_at > now() - make_interval(hours => $3)) span
          CROSS JOIN LATERAL generate_series(span.first, span.last, make_interval(secs => $4)) AS cell(at)
           LEFT JOIN memory_rollup r ON r.guest_id = g.id AND r.cell_at = cell.at) demand ON true
      WHERE g.host_id = $1 AND g.state <> 'DELETED'
      ORDER BY g.id`,
    [hostId, USED_BYTES_AT, DEMAND_HOURS, DEMAND_STEP_MS / 1000],
  );
  return rows;
}

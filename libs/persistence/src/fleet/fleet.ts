import { invariant, tickToMs } from '#units';
import type { Database } from '../database.js';
import { notify } from '../notifications.js';

/** The fleet in figures, by the newest samples of its guests. */
export interface FleetTotals {
  readonly hostCount: number;
  readonly guestCount: number;
  readonly capacityBytes: number;
  readonly assignedBytes: number;
  readonly usedBytes: number;
  readonly balloonActualBytes: number;
  readonly residentBytes: number;
  /** Hosts in another state than HIGH. */
  readonly hostsUnderPressure: number;
  /** Guests whose balloon wants pages and gets none. */
  readonly stalledGuests: number;
}

export interface ClockReading {
  /** The last tick that is stored. */
  readonly tick: number;
  readonly simulatedAt: Date;
  /** Simulated seconds per second; 0: paused. */
  readonly speed: number;
}

/** Questions about the whole fleet and its clock. */
export class Fleet {
  constructor(private readonly database: Database) {}

  async totals(): Promise<FleetTotals> {
    const { rows } = await this.database.pool.query<FleetTotals>(
      `WITH hosts AS (
         SELECT count(*)::int AS "hostCount", coalesce(sum(capacity_bytes), 0)::float8 AS "capacityBytes",
                (count(*) FILTER (WHERE state <> 'HIGH'))::int AS "hostsUnderPressure"
           FROM host WHERE deleted_at IS NULL),
       guests AS (
         SELECT count(*)::int AS "guestCount", coalesce(sum(g.assigned_bytes), 0)::float8 AS "assignedBytes",
                coalesce(sum(l.used_bytes), 0)::float8 AS "usedBytes",
                coalesce(sum(l.balloon_actual_bytes), 0)::float8 AS "balloonActualBytes",
                coalesce(sum(l.resident_bytes), 0)::float8 AS "residentBytes",
                (count(*) FILTER (WHERE l.balloon_state = 'STALLED'))::int AS "stalledGuests"
           FROM guest g LEFT JOIN guest_latest l ON l.guest_id = g.id WHERE g.state <> 'DELETED')
       SELECT * FROM hosts, guests`,
    );
    const [totals] = rows;
    invariant(totals !== undefined, 'an aggregate is one row');
    return totals;
  }

  async clock(): Promise<ClockReading> {
    const { rows } = await this.database.pool.query<{ tick: number; startedAt: Date; speed: number }>(
      `SELECT (SELECT coalesce(max(tick), 0) FROM shard)::float8 AS tick, started_at AS "startedAt", speed
         FROM fleet_clock WHERE id = 1`,
    );
    const [clock] = rows;
    invariant(clock !== undefined, 'the fleet has one clock');
    const { tick, startedAt, speed } = clock;
    return { tick, simulatedAt: new Date(startedAt.getTime() + tickToMs(tick)), speed };
  }

  async setSpeed(speed: number): Promise<void> {
    await this.database.transaction(async (client) => {
      await client.query('UPDATE fleet_clock SET speed = $1 WHERE id = 1', [speed]);
      await notify(client, 'ballast_clock', { speed });
    });
  }
}

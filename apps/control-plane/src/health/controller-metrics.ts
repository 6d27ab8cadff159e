/**
 * What the controller does, in numbers for Prometheus. After the prefix, names and labels are those of hypeman's guest memory
 * controller (kernel/hypeman), so that its dashboards fit. Counters are read from the rows that the worker counts in.
 */
import {
  controllerStandings,
  decisionTimes,
  readControllerCounts,
  type ControllerCountName,
  type Database,
} from '#persistence';
import { Counter, Gauge, Histogram, type OpenMetricsContentType, type Registry } from 'prom-client';

type MetricsRegistry = Registry<OpenMetricsContentType>;
type Refresh = () => Promise<void>;

const PREFIX = 'ballast_guestmemory_';
const DECISION_BUCKETS_SEC = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1];

const COUNTERS: Readonly<
  Record<ControllerCountName, readonly [name: string, help: string, labels: readonly string[]]>
> = {
  RECONCILE: ['reconcile_total', 'Hosts that runs have dealt with, by how that ended', ['trigger', 'status']],
  ACTION: ['reclaim_actions_total', 'Guests that plans wanted moved, by what became of it', ['trigger', 'status']],
  STATE_TRANSITION: ['pressure_transitions_total', 'Changes of hosts from state to state', ['from', 'to']],
  SAMPLER_ERROR: ['sampler_errors_total', 'Guests left alone since statistics were missing or stale', ['cause']],
};

const GAUGES = {
  needed: ['target_reclaim_bytes', 'What the host wanted to gain at its newest decision; negative: to give'],
  planned: ['reclaim_bytes', 'What the newest plan moves: balloons grown less balloons shrunk'],
  applied: ['applied_reclaim_bytes', 'What came of the newest plan that was carried out'],
  stuckGuests: ['stuck_vms', 'Guests that do not do what they are asked'],
  heldGuests: ['manual_hold_active', 'Guests that an operator wants left as they are for a while'],
  eligibleGuests: ['eligible_vms', 'Guests that may be moved: they run and are neither held nor stuck nor left alone'],
} as const;

/** Registers the metrics; returns what brings them up to date. */
export function registerControllerMetrics(registry: MetricsRegistry, database: Database): Refresh {
  const refreshers = [registerCounters, registerStandings, registerDecisions].map((register) =>
    register(registry, database),
  );
  return async () => {
    await Promise.all(refreshers.map((refresh) => refresh()));
  };
}

function registerCounters(registry: MetricsRegistry, database: Database): Refresh {
  const registers = [registry];
  const counters = Object.fromEntries(
    Object.entries(COUNTERS).map(([key, [name, help, labelNames]]) => [
      key,
      new Counter({ name: PREFIX + name, help, labelNames, registers }),
    ]),
  ) as Record<ControllerCountName, Counter>;
  return async () => {
    const counts = await readControllerCounts(database);
    for (const counter of Object.values(counters)) counter.reset();
    for (const { name, labels, value } of counts) counters[name].inc(labels, value);
  };
}

function registerStandings(registry: MetricsRegistry, database: Database): Refresh {
  const gauges = Object.entries(GAUGES).map(([key, [name, help]]) => {
    const gauge = new Gauge({ name: PREFIX + name, help, labelNames: ['host'], registers: [registry] });
    return [key as keyof typeof GAUGES, gauge] as const;
  });
  return async () => {
    const standings = await controllerStandings(database);
    for (const [key, gauge] of gauges) {
      gauge.reset();
      for (const standing of standings) {
        const value = standing[key];
        if (value !== null) gauge.set({ host: standing.host }, value);
      }
    }
  };
}

/** Observes each decision once, from when this process began. */
function registerDecisions(registry: MetricsRegistry, database: Database): Refresh {
  const durations = new Histogram({
    name: `${PREFIX}reconcile_duration_seconds`,
    help: 'Time that a policy took to decide about a host',
    buckets: DECISION_BUCKETS_SEC,
    registers: [registry],
  });
  let seen = new Date();
  return async () => {
    for (const { plannedAt, decisionMs } of await decisionTimes(database, seen)) {
      // Another scrape may have seen it meanwhile.
      if (plannedAt <= seen) continue;
      durations.observe(decisionMs / 1000);
      seen = plannedAt;
    }
  };
}

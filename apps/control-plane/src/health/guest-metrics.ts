/**
 * The fleet in numbers for Prometheus. Names are libvirt_exporter's and KubeVirt's where those have one, so that dashboards fit;
 * they are read when somebody scrapes.
 */
import type { MemoryMetric } from '#contracts';
import type { Fleet, Guests, HostRecord, Hosts, LatestSample, Page, PageRequest } from '#persistence';
import type { Queues } from '#jobs';
import { Gauge, type OpenMetricsContentType, type Registry } from 'prom-client';

type MetricsRegistry = Registry<OpenMetricsContentType>;

interface Sources {
  readonly fleet: Fleet;
  readonly guests: Guests;
  readonly hosts: Hosts;
  readonly queues: Queues;
}

/** Rows of a list that are read at a time. */
const PAGE = 1_000;

/** libvirt_exporter's gauges that are a metric of ours. */
const DOMAIN_GAUGES: readonly (readonly [name: string, help: string, metric: MemoryMetric])[] = [
  ['available_bytes', 'Memory as the guest sees it (MemTotal)', 'totalBytes'],
  ['unused_bytes', 'Memory that the guest leaves free (MemFree)', 'freeBytes'],
  ['usable_bytes', 'Memory that the guest could use without swapping (MemAvailable)', 'availableBytes'],
  ['disk_cache_bytes', 'Page cache of the guest', 'cachedBytes'],
  ['rss_bytes', 'Memory of the guest that the host backs', 'residentBytes'],
];

/** Registers the gauges; returns what brings them up to date, each by itself. */
export function registerFleetMetrics(
  registry: MetricsRegistry,
  sources: Sources,
): Readonly<Record<'fleet' | 'hosts' | 'guests' | 'queues', Refresh>> {
  const gauge = gaugesOf(registry);
  return {
    fleet: registerFleet(gauge, sources),
    hosts: registerHosts(gauge, sources),
    guests: registerGuests(gauge, sources),
    queues: registerQueues(gauge, sources),
  };
}

type Refresh = () => Promise<void>;
type MakeGauge = (name: string, help: string, labelNames?: string[]) => Gauge;

function registerFleet(gauge: MakeGauge, { fleet }: Sources): Refresh {
  const tick = gauge('ballast_clock_tick', 'Last simulated second that is stored');
  const speed = gauge('ballast_clock_speed_ratio', 'Simulated seconds per second');
  const stalled = gauge('ballast_fleet_stalled_guests', 'Guests whose balloon wants pages and gets none');
  const guests = gauge('ballast_fleet_guests', 'Guests that are not deleted');
  return async () => {
    const [totals, clock] = await Promise.all([fleet.totals(), fleet.clock()]);
    guests.set(totals.guestCount);
    stalled.set(totals.stalledGuests);
    tick.set(clock.tick);
    speed.set(clock.speed);
  };
}

function registerHosts(gauge: MakeGauge, { hosts }: Sources): Refresh {
  const assigned = gauge('ballast_host_assigned_bytes', 'Configured memory of the guests of a host', ['host']);
  const resident = gauge('ballast_host_resident_bytes', 'Memory that a host backs', ['host']);
  const state = gauge('ballast_host_state', '1 for the state that a host is in', ['host', 'state']);
  const capacity = gauge('ballast_host_capacity_bytes', 'Memory of a host', ['host']);
  return async () => {
    const all: HostRecord[] = [];
    for await (const rows of pagesOf((request) => hosts.list(request))) all.push(...rows);
    const usage = await hosts.usage(all.map(({ id }) => id));
    for (const one of [assigned, resident, state, capacity]) one.reset();
    for (const host of all) {
      capacity.set({ host: host.name }, host.capacityBytes);
      assigned.set({ host: host.name }, usage.get(host.id)?.assignedBytes ?? 0);
      resident.set({ host: host.name }, usage.get(host.id)?.residentBytes ?? 0);
      state.set({ host: host.name, state: host.state }, 1);
    }
  };
}

function registerGuests(gauge: MakeGauge, { guests, hosts }: Sources): Refresh {
  const labels = ['domain', 'host'];
  const memory = DOMAIN_GAUGES.map(
    ([name, help, metric]) => [gauge(`libvirt_domain_memory_stats_${name}`, help, labels), metric] as const,
  );
  const maximum = gauge('libvirt_domain_info_maximum_memory_bytes', 'Configured memory of the guest', labels);
  const pressure = gauge('ballast_guest_pressure_some10_ratio', 'Share of time that tasks stalled for memory', labels);
  const idle = gauge('ballast_guest_idle_ratio', 'Share of sampled pages that were not touched', labels);
  const actual = gauge(
    'libvirt_domain_memory_stats_actual_balloon_bytes',
    'Configured memory less the balloon',
    labels,
  );
  const balloon = gauge('ballast_guest_balloon_bytes', 'Size of the balloon', labels);
  return async () => {
    const sampled = await sampledGuests(guests, hosts);
    for (const one of [...memory.map(([each]) => each), maximum, pressure, idle, actual, balloon]) one.reset();
    for (const { name, host, assignedBytes, values } of sampled) {
      const domain = { domain: name, host };
      maximum.set(domain, assignedBytes);
      balloon.set(domain, values.balloonActualBytes);
      actual.set(domain, assignedBytes - values.balloonActualBytes);
      pressure.set(domain, values.pressureSome10Ratio);
      idle.set(domain, values.idleRatio);
      for (const [each, metric] of memory) each.set(domain, values[metric]);
    }
  };
}

function registerQueues(gauge: MakeGauge, { queues }: Sources): Refresh {
  const jobs = gauge('bullmq_job_count', 'Jobs of a queue in a state', ['queue', 'state']);
  return async () => {
    for (const [queue, counts] of Object.entries(await queues.counts())) {
      for (const [state, count] of Object.entries(counts)) jobs.set({ queue, state }, count);
    }
  };
}

interface SampledGuest extends Pick<LatestSample, 'values'> {
  readonly name: string;
  readonly host: string;
  readonly assignedBytes: number;
}

/** All of them before any is shown: whoever scrapes at the same time sees the last round whole, or this one. */
async function sampledGuests(guests: Guests, hosts: Hosts): Promise<SampledGuest[]> {
  const sampled: SampledGuest[] = [];
  for await (const rows of pagesOf((request) => guests.list({}, 'CREATED', request))) {
    const samples = new Map((await guests.latest(rows.map((row) => row.id))).map((one) => [one.guestId, one]));
    const names = new Map((await hosts.find(rows.map((row) => row.hostId))).map((host) => [host.id, host.name]));
    for (const { id, name, hostId, assignedBytes } of rows) {
      const sample = samples.get(id);
      if (sample !== undefined) {
        sampled.push({ name, host: names.get(hostId) ?? '', assignedBytes, values: sample.values });
      }
    }
  }
  return sampled;
}

async function* pagesOf<Row>(list: (request: PageRequest) => Promise<Page<Row>>): AsyncGenerator<Row[]> {
  let after: string | null = null;
  do {
    const page: Page<Row> = await list({ first: PAGE, after });
    yield page.edges.map(({ node }) => node);
    after = page.hasNextPage ? (page.edges.at(-1)?.cursor ?? null) : null;
  } while (after !== null);
}

function gaugesOf(registry: MetricsRegistry): MakeGauge {
  return (name, help, labelNames = []) => new Gauge({ name, help, labelNames, registers: [registry] });
}

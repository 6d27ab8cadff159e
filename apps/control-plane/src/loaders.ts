/**
 * What the fields of many objects need, asked for together. One set for each request; nothing is kept between two rounds, so a
 * field that is read after a mutation or on a later event is fresh.
 */
import type {
  ExperimentCellRecord,
  Experiments,
  Fleet,
  GuestRecord,
  Guests,
  History,
  HostRecord,
  Hosts,
  HostUsage,
  LatestDetail,
  LatestSample,
  OperationRecord,
  Operations,
  CountedPage,
  Page,
  RebalanceHostRecord,
  RebalanceMoveRecord,
  Rebalances,
  TraceRecord,
  Traces,
} from '#persistence';
import DataLoader from 'dataloader';

export interface Questions {
  readonly experiments: Experiments;
  readonly fleet: Fleet;
  readonly guests: Guests;
  readonly history: History;
  readonly hosts: Hosts;
  readonly operations: Operations;
  readonly rebalances: Rebalances;
  readonly traces: Traces;
}

/** The first page of a list that every parent has one of. */
export interface FirstPageKey {
  readonly parentId: string;
  readonly first: number;
}

export interface Loaders {
  readonly host: DataLoader<string, HostRecord | null>;
  readonly hostUsage: DataLoader<string, HostUsage | null>;
  readonly guest: DataLoader<string, GuestRecord | null>;
  readonly latest: DataLoader<string, LatestSample | null>;
  readonly detail: DataLoader<string, LatestDetail | null>;
  readonly operation: DataLoader<string, OperationRecord | null>;
  readonly trace: DataLoader<string, TraceRecord | null>;
  readonly experimentCells: DataLoader<string, readonly ExperimentCellRecord[]>;
  /** Null while there is none. */
  readonly experimentAnswer: DataLoader<string, unknown>;
  readonly rebalanceHosts: DataLoader<string, readonly RebalanceHostRecord[]>;
  readonly rebalanceMoves: DataLoader<string, readonly RebalanceMoveRecord[]>;
  /** What rebalancing did last with a guest. */
  readonly newestMove: DataLoader<string, RebalanceMoveRecord | null>;
  readonly guestsOfHost: DataLoader<FirstPageKey, CountedPage<GuestRecord>>;
  readonly operationsOfGuest: DataLoader<FirstPageKey, CountedPage<OperationRecord>>;
}

const OPTIONS = { cache: false, maxBatchSize: 1000 } as const;

export function createLoaders({ experiments, hosts, guests, operations, rebalances, traces }: Questions): Loaders {
  const guestCounts = byKey((ids) => guests.countByHost(ids));
  const operationCounts = byKey((ids) => operations.countByGuest(ids));
  return {
    host: byKey(async (ids) => keyed(await hosts.find(ids), (host) => host.id)),
    hostUsage: byKey((ids) => hosts.usage(ids)),
    guest: byKey(async (ids) => keyed(await guests.find(ids), (guest) => guest.id)),
    latest: byKey(async (ids) => keyed(await guests.latest(ids), (sample) => sample.guestId)),
    detail: byKey(async (ids) => keyed(await guests.latestDetail(ids), (detail) => detail.guestId)),
    operation: byKey(async (ids) => keyed(await operations.find(ids), (operation) => operation.id)),
    trace: byKey(async (ids) => keyed(await traces.find(ids), (trace) => trace.id)),
    experimentAnswer: byKey((ids) => experiments.answersOf(ids)),
    experimentCells: manyByKey(
      (ids) => experiments.cellsOf(ids),
      (cell) => cell.experimentId,
    ),
    rebalanceHosts: manyByKey(
      (ids) => rebalances.hostsOf(ids),
      (host) => host.runId,
    ),
    rebalanceMoves: manyByKey(
      (ids) => rebalances.movesOf(ids),
      (move) => move.runId,
    ),
    newestMove: byKey((ids) => rebalances.newestMoves(ids)),
    guestsOfHost: firstPages((ids, first) => guests.firstPages(ids, first), guestCounts),
    operationsOfGuest: firstPages((ids, first) => operations.firstPages(ids, first), operationCounts),
  };
}

function byKey<Row>(find: (ids: readonly string[]) => Promise<Map<string, Row>>): DataLoader<string, Row | null> {
  return new DataLoader<string, Row | null>(async (ids) => {
    const rows = await find(ids);
    return ids.map((id) => rows.get(id) ?? null);
  }, OPTIONS);
}

function manyByKey<Row>(
  find: (ids: readonly string[]) => Promise<readonly Row[]>,
  idOf: (row: Row) => string,
): DataLoader<string, readonly Row[]> {
  return new DataLoader<string, readonly Row[]>(async (ids) => {
    const rows = await find(ids);
    return ids.map((id) => rows.filter((row) => idOf(row) === id));
  }, OPTIONS);
}

function keyed<Row>(rows: readonly Row[], idOf: (row: Row) => string): Map<string, Row> {
  return new Map(rows.map((row) => [idOf(row), row]));
}

/** One question for each size of page that is asked for. */
function firstPages<Node>(
  find: (ids: readonly string[], first: number) => Promise<Map<string, Page<Node>>>,
  counts: DataLoader<string, number | null>,
): DataLoader<FirstPageKey, CountedPage<Node>> {
  return new DataLoader<FirstPageKey, CountedPage<Node>>(async (keys) => {
    const sizes = [...new Set(keys.map((key) => key.first))];
    const found = new Map(
      await Promise.all(
        sizes.map(async (first) => {
          const ids = keys.filter((key) => key.first === first).map((key) => key.parentId);
          return [first, await find(ids, first)] as const;
        }),
      ),
    );
    return keys.map(({ parentId, first }) => ({
      ...(found.get(first)?.get(parentId) ?? { edges: [], hasNextPage: false, hasPreviousPage: false }),
      count: async () => (await counts.load(parentId)) ?? 0,
    }));
  }, OPTIONS);
}

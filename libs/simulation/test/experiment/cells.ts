/** Cells as an engine would give them, from a small random model whose truth is known. */
import { RandomStream } from '#units';
import type { CellMetrics, GuestOutcome } from '../../src/experiment/model/cell.js';
import type { ExperimentSpec } from '../../src/experiment/model/spec.js';
import { parseSpec } from '../../src/experiment/spec/parse-spec.js';
import { METRIC_NAMES } from '../../src/experiment/statistics/metrics.js';
import type { DoneCell } from '../../src/experiment/statistics/fleet-draws.js';

export function aSpec(changes: object = {}): ExperimentSpec {
  const read = parseSpec({
    guests: { source: { kind: 'traces', format: 'GWA_T_12', path: 'traces' } },
    overcommitRatios: [1, 2],
    policies: [{ name: 'none' }, { name: 'ballast' }],
    seeds: [1, 2, 3],
    ...changes,
  });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value;
}

const WINDOWS = 288;

export interface CellModel {
  /** Mean chance of a window to be violated. */
  readonly violated: number;
  /** Spread of that chance, as a factor, between fleets, guests and days. */
  readonly spread: number;
  readonly guests?: number;
  readonly days?: number;
}

/** The same chances under one seed whatever policy and ratio, but for the mean. */
export function aCell(
  key: DoneCell['key'],
  seed: number,
  model: CellModel,
  changes: Partial<CellMetrics> = {},
): DoneCell {
  const random = RandomStream.of(seed, 'cell model');
  const factor = (): number => Math.exp(model.spread * random.nextNormal() - model.spread ** 2 / 2);
  const fleet = factor();
  const guests: GuestOutcome[] = Array.from({ length: model.guests ?? 12 }, (_, at) => {
    const own = fleet * factor();
    return {
      name: `g${at}`,
      tenant: at % 4,
      host: at % 2,
      assignedBytes: 2 ** 30,
      oomKills: 0,
      days: Array.from({ length: model.days ?? 2 }, () => {
        const chance = Math.min(1, model.violated * own * factor());
        const violatedWindows = Math.round(WINDOWS * chance);
        return {
          windows: WINDOWS,
          violatedWindows,
          usefulMs: 86_400_000 * (1 - chance),
          stalledMs: 86_400_000 * chance,
        };
      }),
    };
  });
  const days = guests.flatMap((guest) => guest.days);
  const sum = (read: (day: (typeof days)[number]) => number): number =>
    days.reduce((total, day) => total + read(day), 0);
  const worst = Math.max(
    ...guests.map(
      ({ days: own }) => own.reduce((total, day) => total + day.violatedWindows, 0) / (own.length * WINDOWS),
    ),
  );
  const violatedRatio = sum(({ violatedWindows }) => violatedWindows) / sum(({ windows }) => windows);
  const metrics = {
    ...(Object.fromEntries(METRIC_NAMES.map((name) => [name, 0])) as unknown as CellMetrics),
    violatedWindowsRatio: violatedRatio,
    worstGuestViolatedRatio: worst,
    policyViolatedWindowsRatio: violatedRatio,
    worstGuestPolicyViolatedRatio: worst,
    usefulTimeRatio: sum(({ usefulMs }) => usefulMs) / sum(({ usefulMs, stalledMs }) => usefulMs + stalledMs),
    reserveKeptRatio: 1,
    ...changes,
  };
  const guestMemory = {
    anonBytes: [2 ** 30, 2 ** 30],
    fileBytes: [2 ** 29, 2 ** 28],
    slabBytes: [2 ** 26, 2 ** 26],
    pageTableBytes: [2 ** 22, 2 ** 22],
    kernelBytes: [2 ** 27, 2 ** 27],
    freeBytes: [2 ** 32, 2 ** 31],
  };
  const timeline = (host: number): DoneCell['timelines'][number] => ({
    host,
    capacityBytes: 6 * 2 ** 30,
    timesMs: [0, 300_000],
    residentBytes: [2 ** 30, 2 ** 31],
    balloonBytes: [0, 2 ** 29],
    demandBytes: [2 ** 30, 3 * 2 ** 30],
    swappedBytes: [0, 0],
    ...(host === 0 ? { guestMemory } : {}),
  });
  return { status: 'DONE', key, metrics, guests, timelines: [timeline(0), timeline(1)], guestSeconds: 1 };
}

/** All cells of the spec; `modelOf` may be different for each policy and ratio. */
export function allCells(spec: ExperimentSpec, modelOf: (policyAt: number, ratioAt: number) => CellModel): DoneCell[] {
  return spec.policies.flatMap((_, policyAt) =>
    spec.overcommitRatios.flatMap((__, ratioAt) =>
      spec.seeds.map((seed, seedAt) => aCell({ policyAt, ratioAt, seedAt }, seed, modelOf(policyAt, ratioAt))),
    ),
  );
}

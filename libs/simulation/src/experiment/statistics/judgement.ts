/** What of the objective does not hold, at each ratio under each policy: by how much, how often, and where it is worst. */
import { invariant } from '#units';
import type { BrokenTest, JudgementRow, Shortage } from '../model/answer.js';
import { policyViolated, type DayOutcome, type GuestOutcome } from '../model/cell.js';
import type { ExperimentSpec } from '../model/spec.js';
import type { DoneCell } from './fleet-draws.js';
import { brokenTests, meanPoint } from './frontier.js';
import { mean } from './intervals.js';

type Failed = ReturnType<typeof brokenTests>[number];

/** `cells`: of one policy and ratio, ordered by seed; at least one. */
export function judge(
  spec: ExperimentSpec,
  { policyAt, ratioAt }: DoneCell['key'],
  cells: readonly DoneCell[],
): JudgementRow {
  const ratio = spec.overcommitRatios[ratioAt] ?? 0;
  const failuresOf = (of: readonly DoneCell[]): Failed[] => {
    const point = meanPoint(
      ratio,
      of.map(({ metrics }) => metrics),
    );
    return brokenTests(point, spec.slo, { guests: spec.guests.count, durationMs: spec.durationMs });
  };
  const bySeed = cells.map((cell) => ({ cell, failures: failuresOf([cell]) }));
  const broken = failuresOf(cells).map((test) => {
    const struck = bySeed.flatMap(({ cell, failures }) => {
      const own = failures.find(({ metric }) => metric === test.metric);
      return own === undefined ? [] : [{ cell, value: own.value }];
    });
    return toBroken(spec, test, struck);
  });
  const shortage = shortageOf(spec, cells);
  const row = { policy: spec.policies[policyAt]?.label ?? '', ratio, broken };
  return shortage === null ? row : { ...row, shortAtFullBacking: shortage };
}

/** `struck`: the cells that miss the limit; the mean cannot miss it unless one of them does. */
function toBroken(
  spec: ExperimentSpec,
  test: Failed,
  struck: readonly { readonly cell: DoneCell; readonly value: number }[],
): BrokenTest {
  const seedOf = ({ key }: DoneCell): number => spec.seeds[key.seedAt] ?? 0;
  const [first, ...others] = struck;
  invariant(first !== undefined, 'a mean misses its limit only where a cell does');
  const { cell } = others.reduce((most, one) => (one.value > most.value ? one : most), first);
  const guest = worstGuest(test.metric, cell.guests);
  return {
    ...test,
    brokenSeeds: struck.map((one) => seedOf(one.cell)),
    worst: { seed: seedOf(cell), guest: guest?.name ?? null, host: guest?.host ?? null },
  };
}

/** Null for what strikes a whole host. */
function worstGuest(metric: Failed['metric'], guests: readonly GuestOutcome[]): GuestOutcome | null {
  const harm = HARM[metric];
  if (harm === undefined) return null;
  return guests.reduce<GuestOutcome | null>(
    (most, one) => (most === null || harm(one) > harm(most) ? one : most),
    null,
  );
}

const HARM: Partial<Record<Failed['metric'], (guest: GuestOutcome) => number>> = {
  policyOomKills: ({ oomKills }) => oomKills,
  policyViolatedWindowsRatio: ({ days }) => sumOf(days, policyViolated),
  worstGuestPolicyViolatedRatio: ({ days }) => sumOf(days, policyViolated),
};

/** Null where full backing spares every guest. */
function shortageOf(spec: ExperimentSpec, cells: readonly DoneCell[]): Shortage | null {
  const short = ({ days }: GuestOutcome): number => sumOf(days, ({ shortAtFullBacking = 0 }) => shortAtFullBacking);
  const struck = cells.flatMap(({ key, guests }) =>
    guests.filter((guest) => short(guest) > 0).map((guest) => ({ guest, seed: spec.seeds[key.seedAt] ?? 0 })),
  );
  const [first, ...others] = struck;
  if (first === undefined) return null;
  const worst = others.reduce((most, one) => (short(one.guest) > short(most.guest) ? one : most), first);
  const ratios = cells.map(({ metrics }) => metrics.violatedWindowsRatio - metrics.policyViolatedWindowsRatio);
  return {
    windowsRatio: mean(ratios),
    guests: Math.max(...cells.map(({ guests }) => guests.filter((guest) => short(guest) > 0).length)),
    worst: { seed: worst.seed, guest: worst.guest.name, host: worst.guest.host },
  };
}

function sumOf(days: readonly DayOutcome[], read: (day: DayOutcome) => number): number {
  return days.reduce((sum, day) => sum + read(day), 0);
}

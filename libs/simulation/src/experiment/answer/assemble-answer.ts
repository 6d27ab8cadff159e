/** The answer of an experiment from its cells: the same cells in any order, from any machine, give the same bytes. */
import { StateHash } from '#guest';
import { boundOfHosts } from '../bound/bound.js';
import type { AnsweredCell, Bound, ExperimentAnswer } from '../model/answer.js';
import type { CellKey, CellResult } from '../model/cell.js';
import type { ExperimentSpec } from '../model/spec.js';
import type { DoneCell } from '../statistics/fleet-draws.js';
import { summarize } from '../statistics/summary.js';

/** Every cell of a spec: ratios outermost, then policies, then seeds. */
export function cellKeys({ policies, overcommitRatios, seeds }: ExperimentSpec): CellKey[] {
  return overcommitRatios.flatMap((_, ratioAt) =>
    policies.flatMap((__, policyAt) => seeds.map((___, seedAt) => ({ policyAt, ratioAt, seedAt }))),
  );
}

/** Cells without a result were cancelled. `bound`: of the trace; when null it is taken from the demand that the cells had. */
export function assembleAnswer(
  spec: ExperimentSpec,
  results: readonly CellResult[],
  bound: Bound | null,
): ExperimentAnswer {
  const byPlace = new Map(results.map((result) => [placeOf(result.key), result]));
  const ordered = cellKeys(spec).map((key) => ({ key, result: byPlace.get(placeOf(key)) }));
  const done = ordered.flatMap(({ result }) => (result?.status === 'DONE' ? [whole(result)] : []));
  const undigested = {
    cells: ordered.map(({ key, result }) => toAnswered(spec, key, result)),
    ...summarize(spec, done),
    bound: bound ?? boundOfDemand(done),
  };
  return { spec, digest: digestOf({ spec, ...undigested }), ...undigested };
}

/** Of a cell that was stored before full backing was told apart: all of it counts against the policy, as it did then. */
function whole(cell: DoneCell): DoneCell {
  const { violatedWindowsRatio, worstGuestViolatedRatio } = cell.metrics;
  const asThen = {
    violatedWindowsRatio,
    worstGuestViolatedRatio,
    policyViolatedWindowsRatio: violatedWindowsRatio,
    worstGuestPolicyViolatedRatio: worstGuestViolatedRatio,
  };
  return { ...cell, metrics: { ...asThen, ...cell.metrics } };
}

function toAnswered(spec: ExperimentSpec, key: CellKey, result: CellResult | undefined): AnsweredCell {
  const cell = {
    policy: spec.policies[key.policyAt]?.label ?? '',
    ratio: spec.overcommitRatios[key.ratioAt] ?? 0,
    seed: spec.seeds[key.seedAt] ?? 0,
  };
  if (result === undefined) return { ...cell, status: 'CANCELLED', metrics: null };
  if (result.status === 'FAILED') return { ...cell, status: 'FAILED', error: result.error, metrics: null };
  return { ...cell, status: 'DONE', metrics: whole(result).metrics };
}

/** Modelled guests have no column to bound: the largest demand that their hosts saw in the cells of the smallest ratio. */
function boundOfDemand(done: readonly DoneCell[]): Bound | null {
  const [first] = [...done].sort((one, other) => one.key.ratioAt - other.key.ratioAt);
  if (first === undefined || first.timelines.length === 0) return null;
  const hosts = first.timelines.map(({ host, demandBytes }) => {
    const guests = first.guests.filter((guest) => guest.host === host);
    return {
      vms: guests.map(({ name }) => name),
      assignedBytes: guests.reduce((sum, { assignedBytes }) => sum + assignedBytes, 0),
      peakUsedBytes: demandBytes.reduce((peak, bytes) => Math.max(peak, bytes), 0),
    };
  });
  return boundOfHosts(hosts);
}

/** Of the JSON text, so that whoever reads the answer can compute it again. */
function digestOf(answer: Omit<ExperimentAnswer, 'digest'>): string {
  return new StateHash().addText(JSON.stringify(answer)).finish();
}

function placeOf({ policyAt, ratioAt, seedAt }: CellKey): string {
  return `${policyAt} ${ratioAt} ${seedAt}`;
}

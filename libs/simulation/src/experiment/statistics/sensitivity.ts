/** Which constants an answer hangs on, and whether its claims survive not knowing them. */
import { COST_SOURCES, type ConstantMark, type ConstantSource } from '../../costs/cost-sources.js';
import { MODEL_SOURCES } from '../../workload/model-constants.js';
import type { ExperimentAnswer } from '../model/answer.js';
import type { CellMetrics } from '../model/cell.js';
import type { ExperimentSpec } from '../model/spec.js';
import { latinHypercube, rankCorrelation, type Range } from './latin-hypercube.js';
import { mean } from './intervals.js';

interface MarkedRange extends Range {
  readonly mark: ConstantMark;
}

/** Share of variance that all guests have in common: published fleets lie between nothing and a third. */
const FLEET_FACTOR: MarkedRange = { name: 'commonFactor.fleet', low: 0, high: 0.3, mark: 'GUESS' };

/** A claim counts when its sign holds in so many of the draws. */
const CLAIM_HOLDS = 0.95;

export interface SensitivityDraw {
  readonly constants: Readonly<Record<string, number>>;
  readonly spec: ExperimentSpec;
}

export interface Sensitivity {
  readonly metric: keyof CellMetrics;
  readonly draws: number;
  /** By how much they matter, most first. */
  readonly constants: readonly {
    readonly name: string;
    readonly low: number;
    readonly high: number;
    readonly mark: ConstantMark;
    /** Spearman's, of the constant with the metric (mean over policies at the largest ratio). */
    readonly correlation: number;
  }[];
  /** Each policy against the baseline. */
  readonly claims: readonly {
    readonly policy: string;
    readonly ratio: number;
    readonly meanDifference: number;
    /** Share of draws in which the difference has the sign of the mean; draws without any difference count for neither. */
    readonly signHolds: number;
    readonly counts: boolean;
  }[];
}

/** Costs, the workload model's constants by their factors, and what guests have in common. */
function ranges(): MarkedRange[] {
  const sources: Readonly<Record<string, ConstantSource>> = { ...COST_SOURCES, ...MODEL_SOURCES };
  return [...Object.entries(sources).map(([name, { low, high, mark }]) => ({ name, low, high, mark })), FLEET_FACTOR];
}

/** The spec at points of a Latin hypercube over its constants' ranges; everything else, seeds too, stays. */
export function drawSpecs(spec: ExperimentSpec, draws: number, seed: number): SensitivityDraw[] {
  const most = 1 - spec.guests.commonFactor.tenant;
  return latinHypercube(ranges(), draws, seed).map((constants) => {
    const fleet = constants[FLEET_FACTOR.name] ?? 0;
    const commonFactor = { ...spec.guests.commonFactor, fleet: Math.min(most, fleet) };
    const guests = { ...spec.guests, commonFactor };
    const costs = drawn(spec.costs, constants);
    return { constants, spec: { ...spec, guests, costs, model: drawn(spec.model, constants) } };
  });
}

/** Every number that was drawn. */
function drawn<T extends object>(values: T, constants: Readonly<Record<string, number>>): T {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, constants[name] ?? value])) as T;
}

/** `answers`: of the draws, in their order. */
export function sensitivityOf(
  draws: readonly SensitivityDraw[],
  answers: readonly ExperimentAnswer[],
  metric: keyof CellMetrics,
): Sensitivity {
  const rowsOf = ({ summary }: ExperimentAnswer): ExperimentAnswer['summary'] =>
    summary.filter((row) => row.metric === metric);
  const largest = Math.max(...answers.flatMap((answer) => rowsOf(answer).map(({ ratio }) => ratio)));
  const outcomes = answers.map((answer) =>
    mean(rowsOf(answer).flatMap((row) => (row.ratio === largest ? [row.mean] : []))),
  );
  const constants = ranges().map((range) => ({
    ...range,
    correlation: rankCorrelation(
      draws.map((draw) => draw.constants[range.name] ?? 0),
      outcomes,
    ),
  }));
  const claims = (answers[0] === undefined ? [] : rowsOf(answers[0])).flatMap(
    ({ policy, ratio, pairedDifferenceToBaseline }) => {
      if (pairedDifferenceToBaseline === null) return [];
      const differences = answers.flatMap(
        (answer) =>
          rowsOf(answer).find((row) => row.policy === policy && row.ratio === ratio)?.pairedDifferenceToBaseline
            ?.mean ?? [],
      );
      const meanDifference = mean(differences);
      const signHolds = mean(differences.map((one) => (Math.sign(one) === Math.sign(meanDifference) ? 1 : 0)));
      return [{ policy, ratio, meanDifference, signHolds, counts: meanDifference !== 0 && signHolds >= CLAIM_HOLDS }];
    },
  );
  constants.sort((one, other) => Math.abs(other.correlation) - Math.abs(one.correlation));
  return { metric, draws: draws.length, constants, claims };
}

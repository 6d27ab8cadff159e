/** What questions about history weigh among the other values of an answer. */
import { mostBuckets } from '#persistence';
import type { GuestHistoryArgs } from './history.args.js';

/** Numbers in columns are lighter than values with names. */
const NUMBERS_PER_VALUE = 40;
/** Each is a query to the database, however little it answers: a page of 500 guests may have one each. */
const LEAST_COST = 90;

/** Of an answer with so many numbers or rows. */
export function columnsCost(numbers: number): number {
  return Math.max(LEAST_COST, Math.ceil(numbers / NUMBERS_PER_VALUE));
}

/** For the `complexity` of a history that can have so many metrics. */
export function historyCost(metricCount: number): (estimator: { readonly args: object }) => number {
  return ({ args }) => {
    const { from, to, step, maxPoints, metrics } = args as Omit<GuestHistoryArgs, 'aggregate'>;
    const points = mostBuckets({ from, to, stepMs: step ?? null, maxPoints: maxPoints ?? null });
    return columnsCost(points * Math.min(metrics?.length ?? metricCount, metricCount));
  };
}

/** Huge pages that programs get: by faults, and from the pool. */
import { changeOf, type Metric, type Moment, type Pair } from './metric.js';

export const HUGE_PAGE_METRICS: readonly Metric[] = [
  {
    name: 'huge-page faults granted and fallen back',
    unit: 'faults',
    bound: '10 % of the attempts',
    pairs: ({ moments }) => moments.flatMap(faults),
  },
  {
    name: 'huge pages of the pool after each request',
    unit: 'huge pages',
    bound: '10 % of what was asked',
    pairs: ({ moments }) =>
      moments.flatMap(({ index, recorded, replayed }) => {
        if (recorded.got === undefined) return [];
        const bound = Number(recorded.args['value']) * 0.1;
        const simulated = replayed.answer.hugePages ?? Number.NaN;
        return [{ step: index, of: '', recorded: recorded.got, simulated, bound }];
      }),
  },
];

function faults(moment: Moment): Pair[] {
  const granted = changeOf(moment, 'thp_fault_alloc');
  const fallenBack = changeOf(moment, 'thp_fault_fallback');
  const attempts = granted.recorded + fallenBack.recorded;
  if (attempts === 0 && granted.simulated + fallenBack.simulated === 0) return [];
  const bound = attempts * 0.1;
  return [
    { step: moment.index, of: 'granted', ...granted, bound },
    { step: moment.index, of: 'fallen back', ...fallenBack, bound },
  ];
}

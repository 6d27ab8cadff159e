/** Every plot of an experiment, for pages and slides of one's own. The report shows the same ones. */
import type { METRICS } from '#simulation';
import type { Plot } from '../charts/svg-chart.js';
import type { ReportInput } from './report-input.js';
import { frontierPlot, guestsPlot, ratioPlot } from './report-plots.js';
import { timelinePlots } from './timeline-plots.js';

/** What a policy costs the guests, ratio by ratio. */
const COST_METRICS = [
  'violatedWindowsRatio',
  'pressureSomeP99',
  'hostPressureSomeP99',
  'usefulTimeRatio',
  'thpFaultAllocRatio',
  'balloonMovedBytes',
] as const satisfies readonly (keyof typeof METRICS)[];

/** Figures against the overcommit ratio; the objective's own with its limit. */
export function costPlots({ spec, answer }: ReportInput): Plot[] {
  return COST_METRICS.map((metric) => {
    const limit = metric === 'violatedWindowsRatio' ? spec.slo.violatedWindowsRatio : null;
    return { name: kebab(metric), svg: ratioPlot(answer, metric, limit) };
  });
}

/** Frontier, costs, traces, and memory over time of the first seed's cells. Names are file names without their ending. */
export function experimentPlots(input: ReportInput): Plot[] {
  const { answer, series } = input;
  const traces = series === null ? [] : [{ name: 'traces', svg: guestsPlot(series) }];
  return [{ name: 'frontier', svg: frontierPlot(answer) }, ...costPlots(input), ...traces, ...memoryPlots(input)];
}

function memoryPlots({ spec, results }: ReportInput): Plot[] {
  return results.flatMap((result) => {
    if (result.status !== 'DONE' || result.key.seedAt > 0) return [];
    const policy = spec.policies[result.key.policyAt]?.label ?? '';
    const ratio = spec.overcommitRatios[result.key.ratioAt] ?? 0;
    const cell = `${policy}-${ratio}`.replaceAll(/[^\w.-]+/g, '-');
    return timelinePlots(result).map(({ name, svg }) => ({ name: `memory-${cell}-${name}`, svg }));
  });
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

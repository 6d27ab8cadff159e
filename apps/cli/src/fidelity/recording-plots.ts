/** Recorded against simulated, step by step: one plot for each metric and counter with enough values. */
import type { Comparison } from '#fidelity';
import { svgChart, type Plot } from '#report';
import type { Judgement } from './judge.js';

const WIDTH = 720;
const HEIGHT = 240;
/** A metric with so few values says more in a table. */
const LEAST_VALUES = 4;

/** Names can be file names: the recording's, then the metric's. */
export function recordingPlots({ name, comparisons, verdicts }: Judgement): Plot[] {
  const units = new Map(verdicts.map(({ metric, unit }) => [metric, unit]));
  const groups = new Map<string, Comparison[]>();
  for (const comparison of comparisons) {
    // Zones and orders would be dozens of plots; the table has the worst of them.
    if (comparison.of.includes(' ')) continue;
    const title = `${comparison.metric}${comparison.of === '' ? '' : `: ${comparison.of}`}`;
    groups.set(title, [...(groups.get(title) ?? []), comparison]);
  }
  return [...groups]
    .filter(([, values]) => values.length >= LEAST_VALUES)
    .map(([title, values]) => ({
      name: `${name}-${title.replaceAll(/\W+/g, '-')}`,
      svg: plot(`${name}: ${title}, ${units.get(values[0]?.metric ?? '') ?? ''} by step`, values),
    }));
}

function plot(title: string, values: readonly Comparison[]): string {
  const series = (name: string, dashed: boolean, read: (value: Comparison) => number) => ({
    name,
    type: 'line' as const,
    showSymbol: false,
    lineStyle: { width: 2, type: dashed ? ('dashed' as const) : ('solid' as const) },
    data: values.map(read),
  });
  const option = {
    title: { text: title, left: 0, top: 0, textStyle: { fontSize: 13 } },
    legend: { top: 20, left: 0 },
    color: ['#2563eb', '#d97706'],
    grid: { left: 70, right: 20, top: 54, bottom: 30 },
    xAxis: { type: 'category', data: values.map(({ step }) => String(step)) },
    yAxis: { type: 'value', scale: true },
    series: [
      series('recorded', false, ({ recorded }) => recorded),
      series('simulated', true, ({ simulated }) => simulated),
    ],
  };
  return svgChart(option, { width: WIDTH, height: HEIGHT });
}

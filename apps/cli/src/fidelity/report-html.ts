/** One page with a plot of recorded against simulated for each recording and metric, and the verdicts beside it. */
import { init, use } from 'echarts/core';
import { LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';
import type { Comparison } from '#fidelity';
import type { Judgement } from './judge.js';
import { worstText } from './report-text.js';

use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

const WIDTH = 720;
const HEIGHT = 220;
/** A metric with so few values says more in the table. */
const LEAST_VALUES = 4;

export function reportHtml(judgements: readonly Judgement[]): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Ballast: fidelity</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1b1f24; }
  table { border-collapse: collapse; } td, th { padding: .2rem .8rem; border-bottom: 1px solid #ddd; text-align: left; }
  .fails { color: #b42318; } figure { margin: 1rem 0; } details { margin: 1rem 0; } summary { cursor: pointer; font-weight: 600; }
</style>
<h1>Fidelity: recorded against simulated</h1>
${judgements.map(section).join('\n')}
</html>
`;
}

function section(judgement: Judgement): string {
  const rows = judgement.verdicts.map(({ metric, within, compared, worst, holds }) => {
    const verdict = holds ? 'holds' : '<span class="fails">fails</span>';
    return `<tr><td>${escape(metric)}<td>${verdict}<td>${within} of ${compared}<td>${escape(worstText(worst))}`;
  });
  return `<details${judgement.holds ? '' : ' open'}>
<summary>${escape(judgement.name)}: ${judgement.holds ? 'every bound holds' : '<span class="fails">a bound fails</span>'}</summary>
<p>Linux ${escape(judgement.kernel)}, ${escape(judgement.note)}</p>
<table><tr><th>metric<th>verdict<th>within<th>worst</tr>${rows.join('')}</table>
${plots(judgement).join('\n')}
</details>`;
}

/** One plot for each metric and counter with enough values. */
function plots({ comparisons }: Judgement): string[] {
  const groups = new Map<string, Comparison[]>();
  for (const comparison of comparisons) {
    // Zones and orders would be dozens of plots; the table has the worst of them.
    if (comparison.of.includes(' ')) continue;
    const title = `${comparison.metric}${comparison.of === '' ? '' : `: ${comparison.of}`}`;
    groups.set(title, [...(groups.get(title) ?? []), comparison]);
  }
  return [...groups]
    .filter(([, values]) => values.length >= LEAST_VALUES)
    .map(([title, values]) => plot(title, values));
}

function plot(title: string, values: readonly Comparison[]): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  const series = (name: string, dashed: boolean, read: (value: Comparison) => number) => ({
    name,
    type: 'line' as const,
    showSymbol: false,
    lineStyle: { width: 2, type: dashed ? ('dashed' as const) : ('solid' as const) },
    data: values.map(read),
  });
  chart.setOption({
    animation: false,
    title: { text: title, textStyle: { fontSize: 13 } },
    legend: { top: 20, left: 0 },
    grid: { left: 70, right: 20, top: 50, bottom: 30 },
    xAxis: { type: 'category', name: 'step', data: values.map(({ step }) => String(step)) },
    yAxis: { type: 'value', scale: true },
    series: [
      series('recorded', false, ({ recorded }) => recorded),
      series('simulated', true, ({ simulated }) => simulated),
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `<figure>${svg}</figure>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** One page with a plot of recorded against simulated for each recording and metric, and the verdicts beside it. */
import type { Comparison, Verdict } from '#fidelity';
import { escapeHtml as escape, htmlPage, svgChart } from '#report';
import type { Judgement, Judgements } from './judge.js';
import { worstText } from './report-text.js';

const WIDTH = 720;
const HEIGHT = 220;
/** A metric with so few values says more in the table. */
const LEAST_VALUES = 4;

export function reportHtml({ recordings, overall }: Judgements): string {
  const together = overall.length === 0 ? [] : [`<h2>All recordings together</h2>${table(overall)}`];
  const body = [...together, ...recordings.map(section)].join('\n');
  return htmlPage('Ballast: fidelity', 'Fidelity: recorded against simulated', body);
}

function section(judgement: Judgement): string {
  return `<details${judgement.holds ? '' : ' open'}>
<summary>${escape(judgement.name)}: ${judgement.holds ? 'every bound holds' : '<span class="fails">a bound fails</span>'}</summary>
<p>Linux ${escape(judgement.kernel)}, ${escape(judgement.note)}</p>
${table(judgement.verdicts)}
${plots(judgement).join('\n')}
</details>`;
}

function table(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ metric, bound, within, compared, worst, holds }) => {
    const verdict = holds ? 'holds' : '<span class="fails">fails</span>';
    return `<tr><td>${escape(metric)}<td>${escape(bound)}<td>${verdict}<td>${within} of ${compared}<td>${escape(worstText(worst))}`;
  });
  return `<table><tr><th>metric<th>bound<th>verdict<th>within<th>worst</tr>${rows.join('')}</table>`;
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
  const series = (name: string, dashed: boolean, read: (value: Comparison) => number) => ({
    name,
    type: 'line' as const,
    showSymbol: false,
    lineStyle: { width: 2, type: dashed ? ('dashed' as const) : ('solid' as const) },
    data: values.map(read),
  });
  const option = {
    title: { text: title, textStyle: { fontSize: 13 } },
    legend: { top: 20, left: 0 },
    grid: { left: 70, right: 20, top: 50, bottom: 30 },
    xAxis: { type: 'category', name: 'step', data: values.map(({ step }) => String(step)) },
    yAxis: { type: 'value', scale: true },
    series: [
      series('recorded', false, ({ recorded }) => recorded),
      series('simulated', true, ({ simulated }) => simulated),
    ],
  };
  return svgChart(option, { width: WIDTH, height: HEIGHT });
}

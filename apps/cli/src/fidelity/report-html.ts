/** One page with a plot of recorded against simulated for each recording and metric, and the verdicts beside it. */
import type { Verdict } from '#fidelity';
import { escapeHtml as escape, htmlFigure, htmlPage } from '#report';
import { recordingPlots } from './recording-plots.js';
import type { Judgement, Judgements } from './judge.js';
import { worstText } from './report-text.js';

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
${recordingPlots(judgement)
  .map(({ svg }) => htmlFigure(svg))
  .join('\n')}
</details>`;
}

function table(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ metric, bound, within, compared, worst, holds }) => {
    const verdict = holds ? 'holds' : '<span class="fails">fails</span>';
    return `<tr><td>${escape(metric)}<td>${escape(bound)}<td>${verdict}<td>${within} of ${compared}<td>${escape(worstText(worst))}`;
  });
  return `<table><tr><th>metric<th>bound<th>verdict<th>within<th>worst</tr>${rows.join('')}</table>`;
}

/** An experiment's answer as one page that needs nothing else. */
import type { TraceSeries } from '#contracts';
import {
  COST_SOURCES,
  MODEL_SOURCES,
  METRICS,
  brokenText,
  populationOf,
  remedyText,
  shortageText,
  type ExperimentAnswer,
  type ExperimentSpec,
  type TraceIndex,
} from '#simulation';
import { escapeHtml, htmlFigure, htmlPage, htmlTable } from '../charts/html-page.js';
import { costPlots } from './experiment-plots.js';
import { frontierPlot, guestsPlot, shortNumber } from './report-plots.js';
import type { ReportInput } from './report-input.js';
import { timelinePlots } from './timeline-plots.js';

/** Cells whose memory over time is drawn. */
const MOST_TIMELINES = 60;

/** The first seed's guests, where the trace says what they have in use; null otherwise. */
export function populationShown(
  { guests: { source, count }, seeds }: ExperimentSpec,
  index: TraceIndex | null,
): readonly TraceSeries[] | null {
  if (index === null || source.kind !== 'traces' || index.meaning === 'ABSENT') return null;
  return populationOf(index, source, count, seeds[0] ?? 0);
}

export function experimentHtml(input: ReportInput): string {
  const { spec, answer } = input;
  const sections = [
    summaryLine(input),
    problems(answer),
    '<h2>How far</h2>',
    htmlFigure(frontierPlot(answer)),
    frontierTable(answer),
    '<h2>What broke</h2>',
    brokenTable(input),
    '<h2>What it costs the guests</h2>',
    '<p>Means over the seeds with 95 % intervals (bands); the same fleets and chances for every policy.</p>',
    ...costPlots(input).map(({ svg }) => htmlFigure(svg)),
    `<details><summary>Every figure</summary>${summaryTable(answer)}</details>`,
    '<h2>Memory over time, and what the guests’ memory looked like</h2>',
    timelines(input),
    '<h2>What the traces say of the guests</h2>',
    guests(input),
    '<h2>Constants</h2>',
    '<p>What is marked a guess is one, what is unchecked is known to people of the field without a source read: <code>ballast experiment sensitivity</code> shows what hangs on it.</p>',
    constantsTable(spec),
    '<h2>Spec and digest</h2>',
    `<p>Digest of the answer: <code>${answer.digest}</code>. The same spec gives the same digest on any number of workers.</p>`,
    `<pre>${escapeHtml(JSON.stringify(spec, null, 2))}</pre>`,
  ];
  return htmlPage(`Ballast: ${spec.name}`, `Experiment: ${spec.name}`, sections.join('\n'));
}

function summaryLine({ spec, answer }: ReportInput): string {
  const hours = Number((spec.durationMs / 3_600_000).toFixed(2));
  const seeds = spec.seeds.length === 1 ? '1 seed: figures of a run have no interval' : `${spec.seeds.length} seeds`;
  const done = answer.cells.filter(({ status }) => status === 'DONE').length;
  return `<p>${spec.guests.count} guests, ${spec.hosts.perHost} on a host, ${hours} ${hours === 1 ? 'hour' : 'hours'}, ${seeds}; ${done} of ${answer.cells.length} cells done.</p>`;
}

function problems({ cells }: ExperimentAnswer): string {
  const broken = cells.filter(({ status }) => status !== 'DONE');
  const items = broken.map(
    ({ policy, ratio, seed, status, error }) =>
      `<li class="fails">${escapeHtml(policy)} at ${ratio}, seed ${seed}: ${status}${error === undefined ? '' : `, ${escapeHtml(error)}`}`,
  );
  return items.length === 0 ? '' : `<ul>${items.join('')}</ul>`;
}

function frontierTable({ frontier, bound }: ExperimentAnswer): string {
  const rows = frontier.map(({ policy, ratio, low, high, ratioWithoutReserve, firstBroken }) => [
    escapeHtml(policy),
    ratio === null ? 'none of the ratios' : ratio.toFixed(3),
    ratio === null ? '' : `${low === null ? 'below all' : low.toFixed(3)} to ${high?.toFixed(3) ?? ''}`,
    ratioWithoutReserve?.toFixed(3) ?? 'none of the ratios',
    firstBroken ?? 'nothing broke',
  ]);
  const limits =
    bound === null
      ? ''
      : `<p>What perfect knowledge allows, host by host: ${bound.min.toFixed(3)} to ${bound.max.toFixed(3)}, middle ${bound.p50.toFixed(3)}. No policy can do better without somebody waiting.</p>`;
  return `${htmlTable(['policy', 'largest ratio', '95 % interval', 'but for the reserve', 'breaks first'], rows)}${limits}`;
}

/** For each policy and ratio the parts of the objective that broke, the worst first. */
function brokenTable({ spec, answer }: ReportInput): string {
  if (answer.judgement === undefined) {
    return '<p>Not known: this answer was stored before it was kept. Run the experiment again to see it.</p>';
  }
  const rows = answer.judgement.flatMap(({ policy, ratio, broken, shortAtFullBacking }) => {
    const short = shortAtFullBacking === undefined ? [] : [shortageText(shortAtFullBacking)];
    const words = [...broken.map((one) => brokenText(one, spec.seeds.length)), ...short].map(escapeHtml).join('<br>');
    const [worst] = broken;
    if (words === '') return [];
    return [[escapeHtml(policy), String(ratio), words, worst === undefined ? '' : escapeHtml(remedyText(worst))]];
  });
  if (rows.length === 0) return '<p>Nothing: every policy met the objective at every ratio.</p>';
  return htmlTable(['policy', 'ratio', 'what broke, the worst first', 'what helps against it'], rows);
}

function summaryTable({ summary }: ExperimentAnswer): string {
  const rows = summary.map(({ policy, ratio, metric, mean, low, high, pairedDifferenceToBaseline: difference }) => {
    const { label, unit } = METRICS[metric];
    const show = (value: number): string => shortNumber(value, unit);
    const paired =
      difference === null ? '' : `${show(difference.mean)} (${show(difference.low)} to ${show(difference.high)})`;
    const p = typeof difference?.holmP === 'number' ? difference.holmP.toPrecision(2) : '';
    return [escapeHtml(policy), String(ratio), label, show(mean), `${show(low)} to ${show(high)}`, paired, p];
  });
  return htmlTable(
    ['policy', 'ratio', 'figure', 'mean', '95 % interval', 'against the baseline, paired', 'p (Holm)'],
    rows,
  );
}

/** A choice of cells; the page shows one at a time. */
function timelines({ spec, results }: ReportInput): string {
  const done = results
    .flatMap((result) => (result.status === 'DONE' && result.timelines.length > 0 ? [result] : []))
    .sort(
      (one, other) =>
        one.key.seedAt - other.key.seedAt ||
        one.key.ratioAt - other.key.ratioAt ||
        one.key.policyAt - other.key.policyAt,
    );
  if (done.length === 0) return '<p>No cell kept its memory over time.</p>';
  const drawn = done.slice(0, MOST_TIMELINES);
  const options = drawn.map(({ key }, at) => {
    const policy = spec.policies[key.policyAt]?.label ?? '';
    const label = `${policy} at ${spec.overcommitRatios[key.ratioAt] ?? ''}, seed ${spec.seeds[key.seedAt] ?? ''}`;
    return `<option value="${at}">${escapeHtml(label)}`;
  });
  const plots = drawn.map(
    (cell, at) =>
      `<div class="cell"${at === 0 ? '' : ' hidden'}>${timelinePlots(cell)
        .map(({ svg }) => htmlFigure(svg))
        .join('\n')}</div>`,
  );
  const show =
    "for (const [at, cell] of document.querySelectorAll('.cell').entries()) cell.hidden = at !== Number(this.value)";
  const left = done.length - drawn.length;
  const rest =
    left === 0 ? '' : ` ${left} more of the ${done.length} cells, of later seeds, are left to the answer as JSON.`;
  return `<p>Cell: <select onchange="${show}">${options.join('')}</select>${rest}</p>${plots.join('\n')}`;
}

function guests({ series, spec }: ReportInput): string {
  if (series === null) return '<p>Drawn from archetypes; the demand of each host is above.</p>';
  const rows = series.map(({ vm, assignedBytes, activeBytes, meaning }) => {
    const mean = activeBytes.reduce((sum, bytes) => sum + bytes, 0) / Math.max(1, activeBytes.length);
    const peak = activeBytes.reduce((most, bytes) => Math.max(most, bytes), 0);
    const size = spec.guests.assignedBytes ?? assignedBytes;
    return [
      escapeHtml(vm),
      ...[size, assignedBytes, mean, peak].map((bytes) => shortNumber(bytes, 'bytes')),
      meaning ?? '',
    ];
  });
  const table = htmlTable(['guest', 'assigned', 'provisioned in the trace', 'mean', 'peak', 'the column means'], rows);
  return `${htmlFigure(guestsPlot(series))}<details><summary>Each guest</summary>${table}</details>`;
}

function constantsTable({ costs, model }: ExperimentSpec): string {
  const values: Readonly<Record<string, number>> = { ...costs, ...model };
  const rows = Object.entries({ ...COST_SOURCES, ...MODEL_SOURCES }).map(
    ([name, { meaning, unit, low, high, mark, source }]) => {
      const word = mark.toLowerCase().replace('_', ' ');
      const shown = mark === 'GUESS' || mark === 'UNCHECKED' ? `<span class="guess">${word}</span>` : word;
      return [name, values[name] ?? '', unit, `${low} to ${high}`, shown, escapeHtml(meaning), escapeHtml(source)];
    },
  );
  return htmlTable(['constant', 'value', 'unit', 'range', 'mark', 'meaning', 'source'], rows);
}

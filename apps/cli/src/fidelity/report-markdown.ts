import type { Verdict } from '#fidelity';
import type { Judgement, Judgements } from './judge.js';
import { worstText } from './report-text.js';

/** The verdicts of many recordings: a table over all of them, then what fails, recording by recording. */
export function reportMarkdown({ recordings, overall }: Judgements): string {
  const byMetric = new Map<string, Verdict[]>();
  for (const verdict of recordings.flatMap(({ verdicts }) => verdicts)) {
    byMetric.set(verdict.metric, [...(byMetric.get(verdict.metric) ?? []), verdict]);
  }
  const failing = recordings.filter(({ holds }) => !holds).map(failureText);
  const held = recordings.filter(({ holds }) => holds).map(({ name }) => `\`${name}\``);
  return [
    '# Fidelity',
    '',
    'Recordings of real Linux kernels under QEMU, replayed from their boot state by `npm run fidelity`. Nothing is brought back into',
    'step with a recording on the way. This file is written by the command; what is compared, and how, is in',
    '`libs/fidelity/src/compare`. Why a bound does not hold, as far as it is known, says [fidelity-limits.md](fidelity-limits.md).',
    '',
    '| metric | bound | recordings that hold it | values within the bound |',
    '|---|---|---|---|',
    ...[...byMetric.values()].map(metricRow),
    ...overall.map(overallRow),
    '',
    '## Every bound holds',
    '',
    held.length === 0 ? 'None.' : `${held.join(', ')}.`,
    '',
    '## What does not hold',
    '',
    ...failing,
  ].join('\n');
}

function metricRow(verdicts: readonly Verdict[]): string {
  const held = verdicts.filter(({ holds }) => holds).length;
  const within = verdicts.reduce((sum, verdict) => sum + verdict.within, 0);
  const compared = verdicts.reduce((sum, verdict) => sum + verdict.compared, 0);
  const [{ metric, bound, requiredRatio } = { metric: '', bound: '', requiredRatio: 1 }] = verdicts;
  const share = requiredRatio === 1 ? '' : ` on ${Math.round(requiredRatio * 100)} %`;
  return `| ${metric} | ${bound}${share} | ${held} of ${verdicts.length} | ${within} of ${compared} |`;
}

function overallRow({ metric, bound, holds, within, compared }: Verdict): string {
  return `| ${metric} | ${bound} | all together: ${holds ? 'holds' : 'does not'} | ${within} of ${compared} |`;
}

function failureText({ name, kernel, note, verdicts, skipped }: Judgement): string {
  const lines = verdicts
    .filter(({ holds }) => !holds)
    .map(
      ({ metric, within, compared, worst }) => `- ${metric}: ${within} of ${compared}; worst at ${worstText(worst)}`,
    );
  if (skipped.length > 0)
    lines.push(`- not replayed: ${skipped.length} steps (${skipped[0] ?? ''} …), what follows them differs`);
  return `### ${name}\n\nLinux ${kernel}, ${note}.\n\n${lines.join('\n')}\n`;
}

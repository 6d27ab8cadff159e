import type { Judgement } from './judge.js';
import { worstText } from './report-text.js';

/** The verdicts of many recordings: a table over all of them, then what fails, recording by recording. */
export function reportMarkdown(judgements: readonly Judgement[]): string {
  const metrics = [...new Set(judgements.flatMap(({ verdicts }) => verdicts.map(({ metric }) => metric)))];
  const rows = metrics.map((metric) => {
    const of = judgements.flatMap(({ verdicts }) => verdicts.filter((verdict) => verdict.metric === metric));
    const held = of.filter(({ holds }) => holds).length;
    const within = of.reduce((sum, verdict) => sum + verdict.within, 0);
    const compared = of.reduce((sum, verdict) => sum + verdict.compared, 0);
    return `| ${metric} | ${held} of ${of.length} | ${within} of ${compared} |`;
  });
  const failing = judgements.filter(({ holds }) => !holds).map(failureText);
  const held = judgements.filter(({ holds }) => holds).map(({ name }) => `\`${name}\``);
  return [
    '# Fidelity',
    '',
    'Recordings of real Linux kernels under QEMU, replayed from their boot state by `npm run fidelity`. Nothing is brought back into',
    'step with a recording on the way. This file is written by the command; the bounds are in `libs/fidelity/src/compare.ts`.',
    '',
    '| metric | recordings that hold it | values within the bound |',
    '|---|---|---|',
    ...rows,
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

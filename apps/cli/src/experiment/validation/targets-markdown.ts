import { acceptedText, type TargetJudgement } from './judge-target.js';

export function targetsMarkdown(judgements: readonly TargetJudgement[]): string {
  const all = judgements.flatMap(({ findings }) => findings);
  const held = all.filter(({ holds }) => holds).length;
  return [
    '# Published experiments, repeated',
    '',
    'Written by `npm run --silent ballast -- experiment validate --markdown docs/experiments.md --plots docs/pictures`; `experiment validate E6` repeats one.',
    `${held} of ${all.length} figures lie within what is accepted. A figure that is missed is shown as missed.`,
    '',
    ...judgements.map(section),
  ].join('\n');
}

function section({ id, title, origin, setup, missed, findings, curves }: TargetJudgement): string {
  const rows = findings.map(
    ({ figure, published, ours, holds, ...accept }) =>
      `| ${figure} | ${published ?? '–'} | ${ours} | ${acceptedText(accept)} | ${holds ? 'holds' : '**missed**'} |`,
  );
  const reason = missed !== '' && findings.some(({ holds }) => !holds) ? [`Missed: ${missed}`, ''] : [];
  return [
    `## ${id}: ${title}`,
    '',
    `Published: ${origin}.`,
    '',
    `Here: ${setup}`,
    '',
    '| figure | published | ours | accepted | |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    ...reason,
    ...curves.flatMap((curve) => [`![${curve.title}](pictures/${curve.name}.svg)`, '']),
  ].join('\n');
}

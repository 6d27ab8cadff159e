import { METRICS, brokenText, remedyText, shortageText, type ExperimentAnswer, type ExperimentSpec } from '#simulation';
import { shortNumber } from '#report';

const SHOWN = [
  'guestOomKills',
  'policyOomKills',
  'hostOomKills',
  'hostSwapInBytes',
  'balloonMovedBytes',
  'pressureSomeP99',
] as const;
const SEC_MS = 1000;

/** For a document: a table for each ratio, the policy that loses least first; means over the seeds. */
export function answerMarkdown(
  spec: ExperimentSpec,
  { summary, frontier, judgement = [], digest }: ExperimentAnswer,
): string {
  const { guests, hosts, seeds, durationMs, policies } = spec;
  return [
    `# ${spec.name}`,
    '',
    `${guests.count} guests, ${hosts.perHost} on a host, ${durationMs / SEC_MS} s, ${seeds.length} seeds, ${policies.length} policies with`,
    `their parameters as the spec has them. Means over the seeds; digest \`${digest}\`. Written by \`experiment run --markdown\`.`,
    '',
    ...spec.overcommitRatios.flatMap((ratio) => ratioTable(ratio, summary)),
    '## How far',
    '',
    '| policy | largest ratio that meets the objective | but for the reserve | breaks first |',
    '|---|---|---|---|',
    ...frontier.map(
      ({ policy, ratio, ratioWithoutReserve, firstBroken }) =>
        `| \`${policy}\` | ${ratio?.toFixed(2) ?? 'none'} | ${ratioWithoutReserve?.toFixed(2) ?? 'none'} | ${firstBroken ?? '–'} |`,
    ),
    '',
    '## What broke',
    '',
    '| policy | ratio | what broke, the worst first | what helps against it |',
    '|---|---|---|---|',
    ...judgement.flatMap(({ policy, ratio, broken, shortAtFullBacking }) => {
      const short = shortAtFullBacking === undefined ? [] : [shortageText(shortAtFullBacking)];
      const words = [...broken.map((one) => brokenText(one, seeds.length)), ...short].join('<br>');
      const [worst] = broken;
      if (words === '') return [];
      return [`| \`${policy}\` | ${ratio} | ${words} | ${worst === undefined ? '' : remedyText(worst)} |`];
    }),
    '',
  ].join('\n');
}

function ratioTable(ratio: number, summary: ExperimentAnswer['summary']): string[] {
  const rows = summary.filter((row) => row.ratio === ratio);
  const meanOf = (policy: string, metric: keyof typeof METRICS): number =>
    rows.find((row) => row.policy === policy && row.metric === metric)?.mean ?? Number.NaN;
  const policies = [...new Set(rows.map(({ policy }) => policy))].sort(
    (one, other) => meanOf(other, 'usefulTimeRatio') - meanOf(one, 'usefulTimeRatio'),
  );
  return [
    `## Overcommitted ${ratio} times`,
    '',
    `| policy | useful time lost | ${SHOWN.map((metric) => METRICS[metric].label).join(' | ')} |`,
    `|---|---|${SHOWN.map(() => '---|').join('')}`,
    ...policies.map((policy) => {
      const figures = SHOWN.map((metric) => shortNumber(meanOf(policy, metric), METRICS[metric].unit));
      const lost = shortNumber(1 - meanOf(policy, 'usefulTimeRatio'), 'ratio');
      return `| \`${policy}\` | ${lost} | ${figures.join(' | ')} |`;
    }),
    '',
  ];
}

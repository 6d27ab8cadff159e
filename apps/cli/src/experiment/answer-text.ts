import { METRICS, brokenText, remedyText, shortageText, type ExperimentAnswer } from '#simulation';
import { shortNumber } from '#report';

const SHOWN = [
  'violatedWindowsRatio',
  'usefulTimeRatio',
  'pressureSomeP99',
  'hostPressureSomeP99',
  'hostOomKills',
] as const;

/** For a terminal: a line for each policy and ratio, the frontier last. */
export function answerText({ cells, summary, frontier, judgement = [], bound, digest }: ExperimentAnswer): string {
  const groups = new Map<string, typeof summary>();
  for (const row of summary) {
    const name = `${row.policy} at ${row.ratio}`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  const width = Math.max(0, ...[...groups.keys()].map(({ length }) => length));
  const lines = [...groups].map(([name, rows]) => {
    const figures = SHOWN.map((metric) => {
      const row = rows.find((one) => one.metric === metric);
      return row === undefined ? '' : `${METRICS[metric].label} ${shortNumber(row.mean, METRICS[metric].unit)}`;
    });
    return `${name.padEnd(width)}  ${figures.join('; ')}`;
  });
  const broken = cells.filter(({ status }) => status !== 'DONE');
  const failed = broken.map(({ policy, ratio, seed, status, error }) =>
    `${policy} at ${ratio}, seed ${seed}: ${status} ${error ?? ''}`.trimEnd(),
  );
  const far = frontier.map(({ policy, ratio, ratioWithoutReserve, low, high, firstBroken }) => {
    const served =
      ratioWithoutReserve === ratio ? '' : `; but for the reserve ${ratioWithoutReserve?.toFixed(2) ?? 'none'}`;
    if (ratio === null) return `  ${policy}: at none of the ratios; ${firstBroken ?? 'nothing was run'}${served}`;
    const interval = `${low === null ? 'below all' : low.toFixed(2)} to ${high?.toFixed(2) ?? ''}`;
    return `  ${policy}: ${ratio.toFixed(2)} (95 %: ${interval}); ${firstBroken === null ? 'nothing broke' : `${firstBroken} breaks first`}${served}`;
  });
  const seeds = new Set(cells.map(({ seed }) => seed)).size;
  const beyond = judgement.flatMap(({ policy, ratio, broken: [worst] }) =>
    worst === undefined
      ? []
      : [`  ${policy} at ${ratio}: ${brokenText(worst, seeds)}`, `    what helps: ${remedyText(worst)}`],
  );
  const short = judgement.flatMap(({ policy, ratio, shortAtFullBacking }) =>
    shortAtFullBacking === undefined ? [] : [`  ${policy} at ${ratio}: ${shortageText(shortAtFullBacking)}`],
  );
  const allowed =
    bound === null
      ? []
      : [
          `Perfect knowledge allows ${bound.min.toFixed(2)} to ${bound.max.toFixed(2)}, middle ${bound.p50.toFixed(2)}.`,
        ];
  return [
    ...lines,
    '',
    ...failed,
    'Largest ratio that meets the objective:',
    ...far,
    ...(beyond.length === 0 ? [] : ['What breaks, the worst of it:', ...beyond]),
    ...(short.length === 0 ? [] : ['What is no policy’s doing, and not counted above:', ...short]),
    ...allowed,
    `digest ${digest}`,
  ].join('\n');
}

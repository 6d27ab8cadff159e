/** An answer as one CSV table: cells, summary, frontier, what broke (`value` against what is allowed, `high`) and what is short at full backing, told apart by the first column. */
import type { ExperimentAnswer } from '../model/answer.js';
import { METRIC_NAMES } from '../statistics/metrics.js';

const COLUMNS = [
  'table',
  'policy',
  'ratio',
  'seed',
  'metric',
  'value',
  'low',
  'high',
  'difference',
  'differenceLow',
  'differenceHigh',
  'differenceHolmP',
  'note',
];

/** RFC 4180 with a header; empty where nothing is known. */
export function answerCsv({ cells, summary, frontier, judgement = [] }: ExperimentAnswer): string {
  const rows: (string | number | null | undefined)[][] = [COLUMNS];
  for (const { policy, ratio, seed, status, metrics, error } of cells) {
    if (metrics === null) rows.push(['cell', policy, ratio, seed, '', '', '', '', '', '', '', '', error ?? status]);
    else for (const name of METRIC_NAMES) rows.push(['cell', policy, ratio, seed, name, metrics[name]]);
  }
  for (const { policy, ratio, metric, mean, low, high, pairedDifferenceToBaseline: difference } of summary) {
    rows.push([
      'summary',
      policy,
      ratio,
      '',
      metric,
      mean,
      low,
      high,
      difference?.mean,
      difference?.low,
      difference?.high,
      difference?.holmP,
    ]);
  }
  for (const { policy, ratio, low, high, firstBroken } of frontier) {
    rows.push(['frontier', policy, '', '', 'ratio', ratio, low, high, '', '', '', '', firstBroken]);
  }
  for (const { policy, ratio, broken, shortAtFullBacking: short } of judgement) {
    for (const { part, metric, value, limit } of broken) {
      rows.push(['broken', policy, ratio, '', metric, value, '', limit, '', '', '', '', part]);
    }
    if (short !== undefined) {
      const { seed, guest } = short.worst;
      rows.push([
        'short',
        policy,
        ratio,
        seed,
        'violatedWindowsRatio',
        short.windowsRatio,
        '',
        '',
        '',
        '',
        '',
        '',
        guest,
      ]);
    }
  }
  return rows.map((row) => COLUMNS.map((_, at) => quoted(row[at] ?? '')).join(',')).join('\r\n') + '\r\n';
}

function quoted(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

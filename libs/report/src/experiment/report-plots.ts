/** The plots of an experiment's report. */
import type { TraceSeries } from '#contracts';
import { METRICS, type ExperimentAnswer } from '#simulation';
import { chartTitle as title, hourAxis, hoursOf, rounded, svgChart, thinned } from '../charts/svg-chart.js';

/** Pixels. */
const SIZE = { width: 580, height: 320 };
const GRID = { left: 70, right: 40, top: 64, bottom: 45 };
const COLOURS = [
  '#2563eb',
  '#dc2626',
  '#059669',
  '#9333ea',
  '#d97706',
  '#0891b2',
  '#be185d',
  '#4d7c0f',
  '#475569',
  '#7c2d12',
];
const GIB = 2 ** 30;

type Metric = keyof typeof METRICS;

/** A metric against the overcommit ratio, a line for each policy in its 95 % band; `limit`: what the objective allows. */
export function ratioPlot({ summary }: ExperimentAnswer, metric: Metric, limit: number | null): string {
  const policies = [...new Set(summary.map(({ policy }) => policy))];
  const { label, unit } = METRICS[metric];
  // Ticks are round in what they are shown in.
  const scale = unit === 'bytes' ? GIB : 1;
  const series = policies.flatMap((policy, at) => {
    const color = COLOURS[at % COLOURS.length];
    const rows = summary
      .filter((row) => row.policy === policy && row.metric === metric)
      .map(({ ratio, low, mean, high }) => ({ ratio, low: low / scale, mean: mean / scale, high: high / scale }))
      .sort((one, other) => one.ratio - other.ratio);
    const hidden = {
      type: 'line',
      stack: policy,
      stackStrategy: 'all',
      symbol: 'none',
      lineStyle: { opacity: 0 },
      silent: true,
    };
    return [
      { ...hidden, data: rows.map(({ ratio, low }) => [ratio, low]) },
      { ...hidden, areaStyle: { color, opacity: 0.15 }, data: rows.map(({ ratio, low, high }) => [ratio, high - low]) },
      { type: 'line', name: policy, color, symbolSize: 7, data: rows.map(({ ratio, mean }) => [ratio, mean]) },
    ];
  });
  const mark = {
    precision: 9,
    silent: true,
    symbol: 'none',
    lineStyle: { color: '#111', type: 'dashed' },
    label: { formatter: 'limit' },
    data: [{ yAxis: (limit ?? 0) / scale }],
  };
  return svgChart(
    {
      title: title(label),
      legend: { top: 24, left: 0, data: policies },
      grid: GRID,
      xAxis: { type: 'value', name: 'overcommit ratio', nameLocation: 'middle', nameGap: 28, scale: true },
      yAxis: { type: 'value', axisLabel: { formatter: (value: number) => shortNumber(value * scale, unit) } },
      series: limit === null ? series : [...series, { type: 'line', data: [], markLine: mark }],
    },
    SIZE,
  );
}

/** Each policy's largest good ratio with its interval; dashed, what perfect knowledge allows. */
export function frontierPlot({ frontier, bound }: ExperimentAnswer): string {
  const known = frontier.filter(({ ratio }) => ratio !== null);
  const intervals = known.map(({ policy, low, ratio, high }) => ({
    type: 'line',
    symbol: 'none',
    lineStyle: { width: 6, opacity: 0.35, color: COLOURS[0] },
    data: [
      [low ?? ratio, policy],
      [high, policy],
    ],
  }));
  const lines = bound === null ? [] : [{ xAxis: bound.min, name: 'bound of the worst host' }];
  const shown = lines.filter(({ xAxis }) => Number.isFinite(xAxis));
  return svgChart(
    {
      title: title('largest ratio that meets the objective; dashed: the bound'),
      grid: { ...GRID, left: 140 },
      xAxis: {
        type: 'value',
        name: 'overcommit ratio',
        nameLocation: 'middle',
        nameGap: 28,
        scale: true,
        min: 1,
        max: Math.ceil(Math.max(2, ...shown.map(({ xAxis }) => xAxis * 1.05), ...known.map(({ high }) => high ?? 1))),
      },
      yAxis: { type: 'category', data: frontier.map(({ policy }) => policy) },
      series: [
        ...intervals,
        {
          type: 'scatter',
          symbolSize: 11,
          color: COLOURS[0],
          data: known.map(({ policy, ratio }) => [ratio, policy]),
          markLine: {
            silent: true,
            symbol: 'none',
            lineStyle: { color: '#111', type: 'dashed' },
            label: { formatter: '{b}' },
            data: shown,
          },
        },
      ],
    },
    SIZE,
  );
}

/** What each guest's trace says of its memory, as a share of its size. */
export function guestsPlot(series: readonly TraceSeries[]): string {
  const lastMs = Math.max(...series.map(({ timesMs }) => timesMs.at(-1) ?? 0));
  return svgChart(
    {
      title: title('memory column of the trace over provisioned memory, by hour'),
      grid: GRID,
      xAxis: hourAxis(lastMs),
      yAxis: { type: 'value', max: 1 },
      series: series.map(({ vm, timesMs, activeBytes, assignedBytes }) => ({
        name: vm,
        type: 'line',
        symbol: 'none',
        lineStyle: { width: 1, opacity: 0.7 },
        data: thinned(timesMs, activeBytes).map(([timeMs, value]) => [hoursOf(timeMs), rounded(value / assignedBytes)]),
      })),
    },
    { width: 1160, height: 380 },
  );
}

export function shortNumber(value: number, unit: (typeof METRICS)[Metric]['unit']): string {
  switch (unit) {
    case 'bytes':
      return `${Number((value / GIB).toPrecision(3))} GiB`;
    case 'ms':
      return value >= 10_000 ? `${Number((value / 1000).toPrecision(3))} s` : `${Number(value.toPrecision(3))} ms`;
    case 'ratio':
      return `${Number((value * 100).toPrecision(3))} %`;
    case 'count':
      return String(Number(value.toPrecision(4)));
  }
}

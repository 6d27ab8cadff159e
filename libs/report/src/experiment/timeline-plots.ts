/** Memory over time of a cell: what each host holds, and what its guests do with theirs. */
import type { CellResult, GuestMemoryColumns, HostTimeline } from '#simulation';
import { chartTitle, gibAxis, hourAxis, hoursOf, rounded, svgChart, thinned, type Plot } from '../charts/svg-chart.js';

const SIZE = { width: 580, height: 320 };
const GRID = { left: 60, right: 30, top: 64, bottom: 35 };
const GIB = 2 ** 30;
/** Stacks need fewer points than lines: their peaks do not stand alone. */
const STACK_POINTS = 150;

/** From the bottom of the stack to its top. */
const KINDS: readonly (readonly [name: string, column: keyof GuestMemoryColumns | 'balloonBytes', color: string])[] = [
  ['kernel', 'kernelBytes', '#475569'],
  ['page tables', 'pageTableBytes', '#be185d'],
  ['slab', 'slabBytes', '#d97706'],
  ['anonymous', 'anonBytes', '#2563eb'],
  ['page cache', 'fileBytes', '#059669'],
  ['free', 'freeBytes', '#e2e8f0'],
  ['balloons', 'balloonBytes', '#9333ea'],
];

/** A pair of plots for each host: one where what the guests held was not kept. */
export function timelinePlots({ timelines }: Extract<CellResult, { status: 'DONE' }>): Plot[] {
  return timelines.flatMap((timeline) => {
    const { host, guestMemory } = timeline;
    const hosts = { name: `host-${host + 1}`, svg: hostPlot(timeline) };
    if (guestMemory === undefined) return [hosts];
    return [hosts, { name: `host-${host + 1}-guests`, svg: guestsPlot(timeline, guestMemory) }];
  });
}

function hostPlot({ host, capacityBytes, timesMs, ...columns }: HostTimeline): string {
  const line = (name: string, bytes: readonly number[], color: string, dashed = false): object => ({
    name,
    type: 'line',
    symbol: 'none',
    color,
    lineStyle: { width: dashed ? 1 : 2, type: dashed ? 'dashed' : 'solid' },
    data: thinned(timesMs, bytes).map(([timeMs, value]) => [hoursOf(timeMs), rounded(value / GIB)]),
  });
  const capacity = timesMs.map(() => capacityBytes);
  const { demandBytes, residentBytes, balloonBytes, swappedBytes } = columns;
  const most = Math.max(capacityBytes, ...demandBytes, ...residentBytes, ...balloonBytes, ...swappedBytes);
  return svgChart(
    {
      title: chartTitle(`host ${host + 1}: its memory, GiB by hour`),
      legend: { top: 24, left: 0 },
      grid: GRID,
      xAxis: hourAxis(timesMs.at(-1) ?? 0),
      yAxis: gibAxis(most),
      series: [
        line('capacity', capacity, '#111', true),
        line('demand', demandBytes, '#d97706'),
        line('resident', residentBytes, '#2563eb'),
        line('balloons', balloonBytes, '#9333ea'),
        line('swapped', swappedBytes, '#dc2626'),
      ],
    },
    SIZE,
  );
}

function guestsPlot({ host, timesMs, balloonBytes }: HostTimeline, guestMemory: GuestMemoryColumns): string {
  const columns = { ...guestMemory, balloonBytes };
  const assigned = timesMs.map((_, at) => KINDS.reduce((sum, [, column]) => sum + (columns[column][at] ?? 0), 0));
  const stride = Math.ceil(timesMs.length / STACK_POINTS);
  const rows = timesMs.map((_, at) => at).filter((at) => at % stride === 0 || at === timesMs.length - 1);
  return svgChart(
    {
      title: chartTitle(`host ${host + 1}: its guests’ memory by kind, GiB by hour`),
      legend: { top: 24, left: 0, itemWidth: 12, itemGap: 8 },
      grid: GRID,
      xAxis: hourAxis(timesMs.at(-1) ?? 0),
      yAxis: gibAxis(Math.max(...assigned)),
      series: KINDS.map(([name, column, color]) => ({
        name,
        type: 'line',
        stack: 'assigned',
        symbol: 'none',
        color,
        lineStyle: { width: 0 },
        areaStyle: { opacity: 0.85 },
        data: rows.map((at) => [hoursOf(timesMs[at] ?? 0), rounded((columns[column][at] ?? 0) / GIB)]),
      })),
    },
    SIZE,
  );
}

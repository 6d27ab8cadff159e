/** Charts as SVG text, drawn without a browser: reports are single files that need nothing from elsewhere. */
import { BarChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } from 'echarts/components';
import { init, use, type EChartsCoreOption } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([
  BarChart,
  LineChart,
  ScatterChart,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TitleComponent,
  SVGRenderer,
]);

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/** A chart and what a file of it would be called, without its ending. */
export interface Plot {
  readonly name: string;
  readonly svg: string;
}

/** `option`: an ECharts option. The ground is white: the lines are drawn for it, in a dark page, too. */
export function svgChart(option: EChartsCoreOption, { width, height }: ChartSize): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({ animation: false, backgroundColor: '#fff', ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

const HOUR_MS = 3_600_000;
/** More points than these cannot be told apart. */
const MOST_POINTS = 300;
/** Hours between two ticks that people count in, and how many ticks a chart has at most. */
const TICK_HOURS = [0.25, 0.5, 1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 720];
const MOST_TICKS = 12;

/** Above the legend. */
export function chartTitle(text: string): object {
  return { text, left: 0, top: 0, textStyle: { fontSize: 13 } };
}

/** A time axis in hours that ends with the data. */
export function hourAxis(lastMs: number): object {
  const last = hoursOf(lastMs);
  const interval = TICK_HOURS.find((hours) => last / hours <= MOST_TICKS) ?? last;
  return { type: 'value', min: 0, max: last, interval, axisLabel: { showMaxLabel: last % interval === 0 } };
}

/** A memory axis in GiB with steps of powers of two, up to `mostBytes`. */
export function gibAxis(mostBytes: number): object {
  const most = mostBytes / 2 ** 30;
  const interval = 2 ** Math.ceil(Math.log2(Math.max(most, 2 ** -8) / 8));
  return { type: 'value', min: 0, max: Math.ceil(most / interval) * interval, interval };
}

export function hoursOf(timeMs: number): number {
  return rounded(timeMs / HOUR_MS);
}

export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** The largest value of each stretch: peaks are what matters. */
export function thinned(times: readonly number[], values: readonly number[]): [number, number][] {
  const stride = Math.max(1, Math.ceil(times.length / MOST_POINTS));
  const points: [number, number][] = [];
  for (let from = 0; from < times.length; from += stride) {
    points.push([times[from] ?? 0, Math.max(...values.slice(from, from + stride))]);
  }
  return points;
}

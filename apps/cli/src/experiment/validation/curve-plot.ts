/** A figure over time: the recorded points on the simulated line. */
import { svgChart, type Plot } from '#report';
import type { Curve } from '#simulation';

const WIDTH = 720;
const HEIGHT = 260;

export function curvePlot({ name, title, recorded, simulated }: Curve): Plot {
  const option = {
    title: { text: title, left: 0, top: 0, textStyle: { fontSize: 13 } },
    legend: { top: 20, left: 0 },
    color: ['#2563eb', '#d97706'],
    grid: { left: 50, right: 20, top: 54, bottom: 30 },
    xAxis: { type: 'value', max: 'dataMax' },
    yAxis: { type: 'value' },
    series: [
      { name: 'recorded', type: 'scatter', symbolSize: 8, data: recorded },
      { name: 'simulated', type: 'line', showSymbol: false, lineStyle: { width: 2 }, data: simulated },
    ],
  };
  return { name, svg: svgChart(option, { width: WIDTH, height: HEIGHT }) };
}

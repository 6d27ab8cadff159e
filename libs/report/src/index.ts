export { experimentHtml, populationShown } from './experiment/report-html.js';
export { experimentPlots } from './experiment/experiment-plots.js';
export type { ReportInput } from './experiment/report-input.js';
export { shortNumber } from './experiment/report-plots.js';
export { escapeHtml, htmlFigure, htmlPage } from './charts/html-page.js';
export { svgChart, type Plot } from './charts/svg-chart.js';

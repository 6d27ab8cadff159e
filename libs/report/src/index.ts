export { experimentHtml, populationShown, type ReportInput } from './experiment/report-html.js';
export { shortNumber } from './experiment/report-plots.js';
export { escapeHtml, htmlPage } from './charts/html-page.js';
export { svgChart } from './charts/svg-chart.js';

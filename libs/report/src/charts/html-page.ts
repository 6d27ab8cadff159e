/** One page of a report: its style, nothing else. `body` is HTML. */
export function htmlPage(title: string, heading: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1b1f24; }
  table { border-collapse: collapse; } td, th { padding: .2rem .8rem; border-bottom: 1px solid #ddd; text-align: left; }
  .fails { color: #b42318; } .guess { background: #fff4ce; } .number { text-align: right; font-variant-numeric: tabular-nums; }
  figure { margin: 1rem 0; display: inline-block; } pre { background: #f6f8fa; padding: 1rem; overflow: auto; max-height: 30rem; }
  details { margin: 1rem 0; overflow-x: auto; } summary { cursor: pointer; font-weight: 600; }
  svg { max-width: 100%; height: auto; } .wide { overflow-x: auto; }
  @media (prefers-color-scheme: dark) {
    body { background: #15181c; color: #e3e6ea; } td, th { border-color: #3a4048; } pre { background: #1f242a; }
    .fails { color: #ff8a80; } .guess { background: #5c4a12; } figure { background: #fff; border-radius: 6px; }
  }
</style>
<h1>${escapeHtml(heading)}</h1>
${body}
</html>
`;
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** A picture in its frame. */
export function htmlFigure(svg: string): string {
  return `<figure>${svg}</figure>`;
}

/** Cells are HTML; numbers stand to the right. On a narrow screen the table scrolls in itself, not the page with it. */
export function htmlTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number): string =>
    typeof value === 'number' ? `<td class="number">${value}` : `<td>${value}`;
  const head = header.map((title) => `<th>${escapeHtml(title)}`).join('');
  const lines = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('\n');
  return `<div class="wide"><table><tr>${head}</tr>${lines}</table></div>`;
}

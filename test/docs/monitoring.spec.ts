/** What comes with the compose file's profile `monitoring` asks for metrics that there are, in queries that Prometheus can read. */
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const read = (file: string): string => readFileSync(`monitoring/${file}`, 'utf8');
const { panels } = JSON.parse(read('grafana/dashboards/ballast.json')) as { readonly panels: readonly Panel[] };
const { groups } = parse(read('alerts.yml')) as {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
};
const QUERIES: [string, string][] = [
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }): [string, string] => [title, expr])),
  ...groups.flatMap(({ rules }) => rules.map(({ alert, expr }): [string, string] => [alert, expr])),
];
/** Labels by metric, as docs/metrics.md has them; the queue's and Prometheus's own besides. */
const LABELS = new Map([
  ...[...readFileSync('docs/metrics.md', 'utf8').matchAll(/^\| `(\w+)` \| (\w+) \|([^|]*)\|/gm)].map(
    ([, name = '', type = '', labels = '']): [string, string[]] => [
      type === 'histogram' ? `${name}_bucket` : name,
      [...labels.matchAll(/\w+/g)].map(([label]) => label).concat(type === 'histogram' ? ['le'] : []),
    ],
  ),
  ['up', ['job']] as [string, string[]],
]);

/** Texts of the nodes of a kind in a query's syntax tree. */
function nodesOf(query: string, kind: string): string[] {
  const found: string[] = [];
  parser.parse(query).iterate({
    enter: ({ name, from, to, type }) => {
      if (name === kind || (kind === 'error' && type.isError)) found.push(query.slice(from, to));
    },
  });
  return found;
}

describe('monitoring', () => {
  it.each(QUERIES)('%s: %s', (_title, query) => {
    expect(nodesOf(query, 'error')).toEqual([]);
    const metrics = nodesOf(query, 'VectorSelector').map((selector) => /^\w+/.exec(selector)?.[0] ?? selector);
    expect(metrics.length).toBeGreaterThan(0);
    expect(metrics.filter((metric) => !LABELS.has(metric))).toEqual([]);
    const known = new Set(metrics.flatMap((metric) => LABELS.get(metric) ?? []));
    const asked = [...nodesOf(query, 'LabelName'), ...nodesOf(query, 'GroupingLabel')];
    expect(asked.filter((label) => !known.has(label))).toEqual([]);
  });

  it('names series by labels that they have, and panels do not lie upon one another', () => {
    for (const { title, targets = [] } of panels) {
      for (const { expr, legendFormat } of targets) {
        for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
          const known = nodesOf(expr, 'VectorSelector').flatMap((one) => LABELS.get(/^\w+/.exec(one)?.[0] ?? '') ?? []);
          expect([title, known]).toEqual([title, expect.arrayContaining([label])]);
        }
      }
    }
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  it('finds a query that cannot be read, and a metric that is not there', () => {
    expect(nodesOf('rate(ballast_clock_tick[2m)', 'error')).not.toEqual([]);
    expect(LABELS.has('ballast_fleet_guests')).toBe(true);
    expect(LABELS.has('ballast_fleet_guest')).toBe(false);
  });
});

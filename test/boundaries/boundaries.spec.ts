import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, cpSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = process.cwd();
const FIXTURES = join(ROOT, 'test', 'boundaries', 'fixtures');

/** Names of the rules that fire when dependency-cruiser looks at one fixture tree with the project's own rules. */
function brokenRules(fixture: string): string[] {
  const tree = mkdtempSync(join(tmpdir(), 'ballast-boundaries-'));
  try {
    cpSync(join(FIXTURES, fixture), tree, { recursive: true });
    cpSync(join(ROOT, '.dependency-cruiser.mjs'), join(tree, '.dependency-cruiser.mjs'));
    writeFileSync(
      join(tree, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { module: 'NodeNext', moduleResolution: 'NodeNext' } }),
    );
    // The package.json of a tree that may use these packages: only the floors forbid them.
    writeFileSync(
      join(tree, 'package.json'),
      JSON.stringify({ type: 'module', dependencies: { graphql: '*', pg: '*', bullmq: '*' } }),
    );
    symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
    const program = join(ROOT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
    const folders = readdirSync(tree).filter((name) => name === 'apps' || name === 'libs');
    const run = spawnSync(
      process.execPath,
      [program, '--config', '.dependency-cruiser.mjs', '--output-type', 'json', ...folders],
      { cwd: tree, encoding: 'utf8' },
    );
    const report = JSON.parse(run.stdout) as { summary: { violations: { rule: { name: string } }[] } };
    return [...new Set(report.summary.violations.map((violation) => violation.rule.name))];
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

describe('the floors', () => {
  const fixtures = readdirSync(FIXTURES);

  it('have a fixture for every rule', async () => {
    const rules = (await import(join(ROOT, '.dependency-cruiser.mjs'))) as {
      default: { forbidden: { name: string }[] };
    };
    expect(fixtures.sort()).toEqual(rules.default.forbidden.map((rule) => rule.name).sort());
  });

  it.each(fixtures)(
    '%s fires on a tree that breaks it, and no other rule does',
    (fixture) => {
      expect(brokenRules(fixture)).toEqual([fixture]);
    },
    30_000,
  );
});

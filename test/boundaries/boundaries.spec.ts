import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, cpSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = process.cwd();
const FIXTURES = join(ROOT, 'test', 'boundaries', 'fixtures');
/** Looks at single files, and at folders. */
const CONFIGURATIONS = ['.dependency-cruiser.mjs', '.dependency-cruiser.rooms.mjs'];

/** Names of the rules that fire when dependency-cruiser looks at one fixture tree with the project's own rules. */
function brokenRules(fixture: string): string[] {
  const tree = mkdtempSync(join(tmpdir(), 'ballast-boundaries-'));
  try {
    cpSync(join(FIXTURES, fixture), tree, { recursive: true });
    for (const name of CONFIGURATIONS) cpSync(join(ROOT, name), join(tree, name));
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
    return CONFIGURATIONS.flatMap((configuration) => {
      const run = spawnSync(
        process.execPath,
        [program, '--config', configuration, '--output-type', 'json', ...folders],
        { cwd: tree, encoding: 'utf8' },
      );
      const report = JSON.parse(run.stdout) as { summary: { violations: { rule: { name: string } }[] } };
      return [...new Set(report.summary.violations.map((violation) => violation.rule.name))];
    });
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

describe('the floors', () => {
  const fixtures = readdirSync(FIXTURES);

  it('have a fixture for every rule', async () => {
    const rules = await Promise.all(
      CONFIGURATIONS.map(async (name) => {
        const { default: configuration } = (await import(join(ROOT, name))) as {
          default: { forbidden: { name: string }[] };
        };
        return configuration.forbidden.map((rule) => rule.name);
      }),
    );
    expect(fixtures.sort()).toEqual(rules.flat().sort());
  });

  it.each(fixtures)(
    '%s fires on a tree that breaks it, and no other rule does',
    (fixture) => {
      expect(brokenRules(fixture)).toEqual([fixture]);
    },
    30_000,
  );
});

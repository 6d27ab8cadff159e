/** `npm run check`: everything that can be judged without running the product. All of it runs; the exit code tells whether all was well. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled } from './build.mjs';

ensureInstalled();
ensureBuilt();

const CHECKS = [
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['lint', 'eslint', ['.']],
  ['types', 'tsc', ['-b', 'tsconfig.json']],
  ['boundaries', 'depcruise', ['--config', '.dependency-cruiser.mjs', 'apps', 'libs']],
  ['rooms', 'depcruise', ['--config', '.dependency-cruiser.rooms.mjs', 'apps', 'libs']],
  ['dead code', 'knip', []],
  ['compose file', 'dclint', ['docker-compose.yml', '--quiet']],
  ['GraphQL schema', process.execPath, [join('dist', 'apps', 'control-plane', 'src', 'schema.js'), '--check']],
];

const failed = CHECKS.filter(([name, program, args]) => {
  const command = program === process.execPath ? program : join('node_modules', '.bin', program);
  const { status } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' });
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}`);
  return status !== 0;
}).map(([name]) => name);

console.log(failed.length === 0 ? 'All checks passed.' : `Failed: ${failed.join(', ')}.`);
process.exit(failed.length === 0 ? 0 : 1);

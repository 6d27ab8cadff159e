/**
 * `npm test`: makes ready what is missing, then runs every test: first those that need nothing but the sources, then those that need a
 * PostgreSQL, a queue and real processes. `npm test -- <pattern>` narrows both. The last line counts them, whatever happens: what
 * cannot run at all counts as one failure.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled } from './build.mjs';

const folder = mkdtempSync(join(tmpdir(), 'ballast-results-'));
const patterns = process.argv.slice(2);
const total = { passed: 0, failed: 0 };
let isBroken = false;

/** `more`: what one project wants beside its name. */
function runProject(project, more) {
  const results = join(folder, `${project}.json`);
  const done = spawnSync(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--no-warnings',
      join('node_modules', 'jest', 'bin', 'jest.js'),
      ...['--selectProjects', project, '--json', '--outputFile', results, '--passWithNoTests'],
      ...more,
      ...patterns,
    ],
    // Jest's own report goes to stderr; the JSON on stdout is in the file too.
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  isBroken ||= done.status !== 0;
  if (!existsSync(results)) {
    const end = done.signal === null ? `exit code ${done.status}` : done.signal;
    throw new Error(`the ${project} tests did not come to an end: ${done.error?.message ?? end}`);
  }
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(results, 'utf8'));
  total.passed += numPassedTests;
  total.failed += numFailedTests + numRuntimeErrorTestSuites;
}

/** Does one part of the work; its failure is told and counted, and the next part is done all the same. */
async function attempt(work) {
  try {
    await work();
    return true;
  } catch (error) {
    console.error(error.message);
    total.failed++;
    return false;
  }
}

const isReady = await attempt(() => {
  ensureInstalled();
  ensureBuilt();
});
if (isReady) {
  await attempt(() => runProject('unit', []));
  // One at a time: each starts processes of its own, and some of them measure.
  await attempt(() => runProject('system', ['--runInBand']));
  await attempt(async () => {
    const { hasRedis } = await import('../test/support/redis-server.mjs');
    console.log(
      hasRedis()
        ? 'Both queue backends were tested: PostgreSQL and Redis.'
        : 'Not run: the Redis half of the queue and end-to-end tests, because redis-server is not installed here.',
    );
  });
}
rmSync(folder, { recursive: true, force: true });
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(isBroken || total.failed > 0 ? 1 : 0);

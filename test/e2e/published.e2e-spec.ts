/**
 * Published experiments take minutes each, too long for tests: each begins here and is ended after some seconds, so that one that
 * throws is seen. (The quick ones have specs of their own.)
 */
import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { TARGETS } from '#simulation';

const RUNS_MS = 3_000;
/** Some figure is missed, as it may be. */
const MISSED = 1;

interface Run {
  readonly code: number | null;
  readonly errors: string;
}

function begin(id: string): Promise<Run> {
  const child = spawn('node', ['dist/apps/cli/src/main.js', 'experiment', 'validate', id], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: RUNS_MS,
    killSignal: 'SIGKILL',
  });
  let errors = '';
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, errors });
    });
  });
}

describe('published experiments', () => {
  it.each(TARGETS.map(({ id, title }): [string, string] => [id, title]))('%s begins: %s', async (id) => {
    const { code, errors } = await begin(id);
    expect([null, 0, MISSED]).toContain(code);
    expect(errors).toBe('');
  });

  it('and one that does not exist is told apart from those', async () => {
    const { code, errors } = await begin('E0');
    expect(code).toBe(1);
    expect(errors).toContain('there is no target E0');
  });
});

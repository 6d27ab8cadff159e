import { describe, expect, it } from '@jest/globals';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const PART = join(process.cwd(), 'dist', 'libs', 'platform', 'test', 'support', 'draining-part.js');

interface Ending {
  readonly code: number | null;
  readonly output: string;
}

/** Runs the part until it is ready, does `end` to it, and tells how it ended. */
async function endOf(args: readonly string[], end: (part: ChildProcess) => void): Promise<Ending> {
  const part = fork(PART, [...args], { stdio: ['ignore', 'pipe', 'ignore', 'ipc'] });
  const output = text(part.stdout!);
  const ended = once(part, 'exit') as Promise<[number | null]>;
  const [message] = (await once(part, 'message')) as [unknown];
  expect(message).toEqual({ kind: 'ready' });
  end(part);
  const [code] = await ended;
  return { code, output: await output };
}

describe('the end of a part', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('is orderly on %s', async (signal) => {
    const { code, output } = await endOf(['50'], (part) => part.kill(signal));
    expect(output).toBe(`stopping: ${signal}\nsaved\n`);
    expect(code).toBe(0);
  });

  it('is orderly when its parent is gone', async () => {
    const { code, output } = await endOf(['50'], (part) => part.disconnect());
    expect(output).toBe('stopping: the parent process ended\nsaved\n');
    expect(code).toBe(0);
  });

  it('is not hurried, nor begun again, by being asked twice', async () => {
    const { code, output } = await endOf(['200'], (part) => {
      part.kill('SIGINT');
      setTimeout(() => part.kill('SIGTERM'), 50);
    });
    expect(output).toBe('stopping: SIGINT\nsaved\n');
    expect(code).toBe(0);
  });

  it('comes in the time it has, though not all is saved', async () => {
    const begun = Date.now();
    const { code, output } = await endOf(['60000'], (part) => part.kill('SIGTERM'));
    expect(output).not.toContain('saved');
    expect(code).toBe(1);
    expect(Date.now() - begun).toBeLessThan(10_000);
  });

  it('has code 1 when saving failed', async () => {
    const { code } = await endOf(['0', 'fails'], (part) => part.kill('SIGTERM'));
    expect(code).toBe(1);
  });
});

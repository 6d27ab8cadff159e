import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { isAlive } from '../src/process-list.js';

jest.setTimeout(120_000);

const HOLDER = join(process.cwd(), 'dist', 'apps', 'cli', 'test', 'support', 'database-holder.js');

type Message =
  | { readonly kind: 'started'; readonly url: string; readonly guardPid: number }
  | { readonly kind: 'refused' | 'ended'; readonly reason: string };

interface Holder {
  readonly process: ChildProcess;
  readonly url: string;
  readonly guardPid: number;
}

async function query(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

async function eventually(holds: () => boolean): Promise<void> {
  for (let triesLeft = 600; !holds(); triesLeft--) {
    if (triesLeft === 0) throw new Error('not within 30 s');
    await sleep(50);
  }
}

describe('the PostgreSQL that Ballast brings', () => {
  let folder: string;
  let holders: ChildProcess[];

  const begin = async (): Promise<Message> => {
    const holder = fork(HOLDER, [folder]);
    holders.push(holder);
    const [message] = (await once(holder, 'message')) as [Message];
    return message;
  };
  const start = async (): Promise<Holder> => {
    const message = await begin();
    if (message.kind !== 'started') throw new Error(message.reason);
    return { process: holders.at(-1)!, url: message.url, guardPid: message.guardPid };
  };
  const stop = async ({ process: holder }: Holder): Promise<void> => {
    const ended = once(holder, 'exit');
    holder.kill('SIGTERM');
    await ended;
  };
  const postmasterPid = (): number =>
    Number(readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);

  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'ballast-postgres-')), 'postgres');
    holders = [];
  });
  afterEach(async () => {
    for (const holder of holders) holder.kill('SIGKILL');
    await eventually(() => !existsSync(join(folder, 'data', 'postmaster.pid')) || !isAlive(postmasterPid()));
    rmSync(join(folder, '..'), { recursive: true, force: true });
  });

  it('keeps its data from one start to the next', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept (value int)');
    await query(first.url, 'INSERT INTO kept VALUES (42)');
    await stop(first);
    expect(isAlive(first.guardPid)).toBe(false);

    const second = await start();
    await expect(query(second.url, 'SELECT value FROM kept')).resolves.toEqual([{ value: 42 }]);
    await stop(second);
  });

  it('lets in nobody without its password, which only the owner may read', async () => {
    const holder = await start();
    expect(statSync(join(folder, 'password')).mode & 0o777).toBe(0o600);
    const wrong = new URL(holder.url);
    wrong.password = 'guess';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    await stop(holder);
  });

  it('ends with whoever started it, also by kill -9', async () => {
    const holder = await start();
    const postmaster = postmasterPid();
    holder.process.kill('SIGKILL');
    await eventually(() => !isAlive(postmaster) && !isAlive(holder.guardPid));
    // An orderly end: nothing to recover.
    expect(readFileSync(join(folder, 'postgres.log'), 'utf8')).toMatch(/database system is shut down\s*$/);
  });

  it('comes up again after everything was killed, with what was committed', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS value');
    const postmaster = postmasterPid();
    for (const pid of [first.process.pid!, first.guardPid, postmaster]) process.kill(pid, 'SIGKILL');
    await eventually(() => !isAlive(postmaster));

    const second = await start();
    await expect(query(second.url, 'SELECT value FROM kept')).resolves.toEqual([{ value: 42 }]);
    await stop(second);
  });

  it('takes over from a server whose launcher and guard were killed', async () => {
    const first = await start();
    const orphan = postmasterPid();
    process.kill(first.guardPid, 'SIGKILL');
    first.process.kill('SIGKILL');
    await sleep(200);
    expect(isAlive(orphan)).toBe(true);

    const second = await start();
    expect(isAlive(orphan)).toBe(false);
    expect(postmasterPid()).not.toBe(orphan);
    await stop(second);
  });

  it('is not misled by the pid of a stranger in an old pid file', async () => {
    await stop(await start());
    writeFileSync(
      join(folder, 'data', 'postmaster.pid'),
      `${process.pid}\n${join(folder, 'data')}\n0\n9\n\n127.0.0.1\n\nready   \n`,
    );
    const holder = await start();
    await expect(query(holder.url, 'SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
    await stop(holder);
  });

  it('begins anew where a first start was cut short', async () => {
    mkdirSync(join(folder, 'data.new'), { recursive: true });
    writeFileSync(join(folder, 'data.new', 'half'), '');
    const holder = await start();
    expect(existsSync(join(folder, 'data.new'))).toBe(false);
    await stop(holder);
  });

  it('tells when the server ends by itself', async () => {
    const holder = await start();
    const told = once(holder.process, 'message') as Promise<[Message]>;
    process.kill(postmasterPid(), 'SIGKILL');
    await expect(told).resolves.toEqual([
      { kind: 'ended', reason: expect.stringContaining('PostgreSQL ended (SIGKILL)') },
    ]);
  });

  it('refuses data of another version in one line', async () => {
    await stop(await start());
    writeFileSync(join(folder, 'data', 'PG_VERSION'), '12\n');
    await expect(begin()).resolves.toEqual({
      kind: 'refused',
      reason: expect.stringMatching(/data was made by PostgreSQL 12, this release brings \d+/),
    });
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, markOf } from '../process-list.js';
import { Home } from './home.js';

describe('the home of a fleet', () => {
  let folder: string;
  const tenancy = (): string => join(folder, 'launcher.json');

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ballast-home-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is made when it is missing, for its owner alone', () => {
    const inner = join(folder, 'a', 'b');
    Home.take(inner);
    expect(statSync(inner).mode & 0o077).toBe(0);
  });

  it('is refused in one line when it cannot be written to', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => Home.take(join(folder, 'file', 'home'))).toThrow(/^BALLAST_HOME must be a folder .*: ENOTDIR$/);
  });

  it('is refused while another launcher runs in it', async () => {
    const other = spawn('sleep', ['30']);
    await once(other, 'spawn');
    writeFileSync(tenancy(), JSON.stringify({ launcher: markOf(other.pid!), parts: [] }));
    expect(() => Home.take(folder)).toThrow(new RegExp(`another Ballast \\(pid ${other.pid!}\\) runs in `));
    other.kill();
    await once(other, 'exit');
    expect(() => Home.take(folder)).not.toThrow();
  });

  it('is free when the pid of a dead launcher belongs to somebody else by now', () => {
    writeFileSync(tenancy(), JSON.stringify({ launcher: { pid: process.ppid, began: '1' }, parts: [] }));
    expect(() => Home.take(folder)).not.toThrow();
  });

  it('is free when the note of the last launcher cannot be read', () => {
    writeFileSync(tenancy(), '{"launcher":');
    expect(() => Home.take(folder)).not.toThrow();
  });

  it('waits for what a killed launcher left behind', async () => {
    const part = spawn('sleep', ['0.4']);
    await once(part, 'spawn');
    const collected = once(part, 'exit');
    writeFileSync(tenancy(), JSON.stringify({ launcher: { pid: 2 ** 22, began: '1' }, parts: [markOf(part.pid!)] }));
    const said: string[] = [];
    await Home.take(folder).untilLeft((line) => said.push(line));
    expect(isAlive(part.pid!)).toBe(false);
    expect(said).toEqual(['Waiting for the last run to end …']);
    await collected;
  });

  it('notes its processes for the next launcher, until it leaves', () => {
    const home = Home.take(folder);
    home.note([process.pid]);
    expect(JSON.parse(readFileSync(tenancy(), 'utf8'))).toEqual({
      launcher: markOf(process.pid),
      parts: [markOf(process.pid)],
    });
    home.leave();
    expect(existsSync(tenancy())).toBe(false);
  });

  it('puts a log aside that has grown long', () => {
    const home = Home.take(folder);
    const log = home.logFile('worker');
    writeFileSync(log, '');
    truncateSync(log, 11 * 1024 * 1024);
    expect(home.logFile('worker')).toBe(log);
    expect(existsSync(log)).toBe(false);
    expect(existsSync(`${log}.1`)).toBe(true);
  });
});

import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../process-list.js';

/** Requests to stop, from the polite one on, and how long each may take. SIGINT is PostgreSQL's "fast" shutdown. */
const STOPS: readonly (readonly [NodeJS.Signals, number])[] = [
  ['SIGINT', 20_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
];
const POLL_MS = 50;

/** The server that runs on `dataFolder`, whoever started it; null when none does. */
export function runningPostmaster(dataFolder: string): number | null {
  const pid = Number(pidFileLines(dataFolder)[0] ?? Number.NaN);
  return Number.isInteger(pid) && isAlive(pid) && worksIn(pid, dataFolder) ? pid : null;
}

/** Whether the server says that it takes connections: line 8 of its pid file. */
export function isReady(dataFolder: string): boolean {
  return pidFileLines(dataFolder)[7]?.trim() === 'ready';
}

/** Stops the server with this pid; returns once it is gone. */
export async function stopPostmaster(pid: number): Promise<void> {
  for (const [signal, limitMs] of STOPS) {
    if (!isAlive(pid)) return;
    process.kill(pid, signal);
    for (let waitedMs = 0; waitedMs < limitMs && isAlive(pid); waitedMs += POLL_MS) await sleep(POLL_MS);
  }
}

/** A pid file that outlived its server may name a stranger by now. Where /proc is missing, the pid is believed. */
function worksIn(pid: number, dataFolder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dataFolder);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT' || process.platform !== 'linux';
  }
}

function pidFileLines(dataFolder: string): string[] {
  try {
    return readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return [];
  }
}

import { existsSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, isInUse } from '../process-list.js';

/** Requests to stop, from the polite one on, and how long each may take. SIGINT is PostgreSQL's "fast" shutdown. */
const STOPS: readonly (readonly [NodeJS.Signals, number])[] = [
  ['SIGINT', 20_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
];
const POLL_MS = 50;
/** Backends notice within moments that their server is dead. */
const BACKENDS_LIMIT_MS = 10_000;
const PID_FILE = 'postmaster.pid';

/** The server that runs on `dataFolder`, whoever started it; null when none does. */
export function runningPostmaster(dataFolder: string): number | null {
  const pid = notedPid(dataFolder);
  return pid !== null && isAlive(pid) && worksIn(pid, dataFolder) ? pid : null;
}

/**
 * Makes way for a new server once none runs. The pid in its file may be in use still or again, by a stranger or by a dead server that
 * nobody collected: a new server would take either for its like and refuse. So the file goes, once the last backend has.
 */
export async function clearPidFile(dataFolder: string): Promise<void> {
  const pid = notedPid(dataFolder);
  if (pid === null || !isInUse(pid)) return;
  for (let waitedMs = 0; waitedMs < BACKENDS_LIMIT_MS && isAnyoneIn(dataFolder); waitedMs += POLL_MS)
    await sleep(POLL_MS);
  rmSync(join(dataFolder, PID_FILE), { force: true });
}

/** Whether the server with this pid says that it takes connections: line 8 of its pid file. */
export function isReady(dataFolder: string, pid: number): boolean {
  return notedPid(dataFolder) === pid && pidFileLines(dataFolder)[7]?.trim() === 'ready';
}

/** Stops the server with this pid; returns once it is gone. */
export async function stopPostmaster(pid: number): Promise<void> {
  for (const [signal, limitMs] of STOPS) {
    if (!isAlive(pid)) return;
    process.kill(pid, signal);
    for (let waitedMs = 0; waitedMs < limitMs && isAlive(pid); waitedMs += POLL_MS) await sleep(POLL_MS);
  }
}

/** A pid file that outlived its server may name a stranger by now. Where that cannot be told, the pid is believed. */
function worksIn(pid: number, dataFolder: string): boolean {
  return (cwdOf(pid) ?? dataFolder) === dataFolder;
}

/** Undefined where it cannot be told. */
function cwdOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

function isAnyoneIn(dataFolder: string): boolean {
  if (!existsSync('/proc')) return false;
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && cwdOf(Number(name)) === dataFolder);
}

function notedPid(dataFolder: string): number | null {
  const pid = Number.parseInt(pidFileLines(dataFolder)[0] ?? '', 10);
  return Number.isInteger(pid) ? pid : null;
}

function pidFileLines(dataFolder: string): string[] {
  try {
    return readFileSync(join(dataFolder, PID_FILE), 'utf8').split('\n');
  } catch {
    return [];
  }
}

/**
 * The process between the launcher and its PostgreSQL. It runs the server, and stops it when the launcher asks or is gone, also by
 * SIGKILL: the channel between the two closes then. It lives in a process group of its own, so that Ctrl-C reaches the launcher alone, which
 * stops its parts in order.
 */
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchError } from '../launch-error.js';
import { isAlive } from '../process-list.js';
import { postgresBinaries } from './binaries.js';
import { openCluster, spawnPostgres, type Cluster } from './cluster.js';
import type { GuardMessage, GuardTask, WatchMessage } from './guard-protocol.js';
import { clearPidFile, isReady, runningPostmaster, stopPostmaster } from './postmaster.js';

const POLL_MS = 50;
const START_LIMIT_MS = 60_000;
/** What the parts may take to write their last snapshots once the launcher is gone. */
const PARTS_LIMIT_MS = 30_000;
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

let watched: readonly number[] = [];

async function main(task: GuardTask): Promise<void> {
  const cluster = openCluster(await postgresBinaries(), task.folder, task.isDurable);
  const leftover = runningPostmaster(cluster.dataFolder);
  if (leftover !== null) await stopPostmaster(leftover);
  await clearPidFile(cluster.dataFolder);

  const logPath = join(task.folder, 'postgres.log');
  const server = startServer(cluster, task.port, logPath);
  const ended = new Promise<never>((_, reject) => {
    server.once('error', (error) => reject(new LaunchError(`PostgreSQL did not start: ${error.message}`)));
    server.once('exit', (code, signal) =>
      reject(new LaunchError(`PostgreSQL ended (${String(signal ?? code)}): ${lastLine(logPath)}`)),
    );
  });
  let stopping = false;
  const stop = async (isOrphan: boolean): Promise<void> => {
    if (stopping) return;
    stopping = true;
    if (isOrphan) await partsEnded();
    if (server.pid !== undefined) await stopPostmaster(server.pid);
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop(false));
  process.once('disconnect', () => void stop(true));
  process.on('message', (message: WatchMessage) => (watched = message.pids));
  ended.catch((error: unknown) => {
    if (!stopping) fail(error);
  });

  await Promise.race([ended, untilReady(cluster, server.pid ?? 0)]);
  tell({ kind: 'ready', port: task.port });
}

function startServer(cluster: Cluster, port: number, logPath: string): ReturnType<typeof spawnPostgres> {
  if (existsSync(logPath) && statSync(logPath).size > LOG_LIMIT_BYTES) renameSync(logPath, `${logPath}.1`);
  const log = openSync(logPath, 'a', 0o600);
  try {
    return spawnPostgres(cluster, port, log);
  } finally {
    closeSync(log);
  }
}

async function untilReady({ dataFolder }: Cluster, pid: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < START_LIMIT_MS; waitedMs += POLL_MS) {
    if (isReady(dataFolder, pid)) return;
    await sleep(POLL_MS);
  }
  throw new LaunchError(`PostgreSQL was not ready within ${START_LIMIT_MS / 1000} s`);
}

async function partsEnded(): Promise<void> {
  for (let waitedMs = 0; waitedMs < PARTS_LIMIT_MS && watched.some(isAlive); waitedMs += POLL_MS) await sleep(POLL_MS);
}

function lastLine(logPath: string): string {
  const lines = readFileSync(logPath, 'utf8').trim().split('\n');
  return lines.findLast((line) => /FATAL|PANIC|ERROR/.test(line)) ?? lines.at(-1) ?? 'it said nothing';
}

function tell(message: GuardMessage): void {
  if (process.connected) process.send?.(message);
}

function fail(error: unknown): void {
  if (error instanceof LaunchError) tell({ kind: 'failed', reason: error.message });
  else console.error(error);
  process.exitCode = 1;
  if (process.connected) process.disconnect();
}

main(JSON.parse(process.argv[2] ?? '{}') as GuardTask).catch(fail);

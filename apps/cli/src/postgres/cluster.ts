import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { LaunchError } from '../launch-error.js';
import type { PostgresBinaries } from './binaries.js';
import { commandAs, credentialsOf, serverIdentity, type ServerIdentity } from './identity.js';

/** One PostgreSQL data directory with the password of its only user, and how its server is run. */
export interface Cluster {
  readonly binaries: PostgresBinaries;
  readonly identity: ServerIdentity;
  readonly dataFolder: string;
  readonly password: string;
  /** false: a crash of the machine may lose it all, one of the server nothing. For tests. */
  readonly isDurable: boolean;
}

export const CLUSTER_USER = 'ballast';
export const CLUSTER_DATABASE = 'ballast';

/** Parts and their pools, with room for a person's psql. */
const MAX_CONNECTIONS = 200;
const ENVIRONMENT = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };

/** The cluster in `folder`, made first when there is none. Throws LaunchError. */
export function openCluster(binaries: PostgresBinaries, folder: string, isDurable: boolean): Cluster {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const identity = serverIdentity(binaries.postgres, folder);
  const cluster: Cluster = {
    binaries,
    identity,
    dataFolder: join(realpathSync(folder), 'data'),
    password: passwordIn(folder, identity),
    isDurable,
  };
  if (!existsSync(cluster.dataFolder)) createCluster(cluster, folder);
  refuseOtherVersion(cluster);
  return cluster;
}

/** Starts the server; `logFile` is the descriptor that takes what it prints. */
export function spawnPostgres(cluster: Cluster, port: number, logFile: number): ChildProcess {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: String(MAX_CONNECTIONS),
    ...(cluster.isDurable ? {} : { fsync: 'off', full_page_writes: 'off' }),
  };
  const [command, args] = commandAs(cluster.identity, cluster.binaries.postgres, [
    ...['-D', cluster.dataFolder, '-p', String(port)],
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]);
  return spawn(command, args, {
    env: ENVIRONMENT,
    stdio: ['ignore', logFile, logFile],
    ...credentialsOf(cluster.identity),
  });
}

/** Built beside its place and moved there whole, so that a start that was killed half-way leaves nothing to trip over. */
function createCluster(cluster: Cluster, folder: string): void {
  const draft = `${cluster.dataFolder}.new`;
  rmSync(draft, { recursive: true, force: true });
  run(cluster, cluster.binaries.initdb, [
    `--pgdata=${draft}`,
    `--username=${CLUSTER_USER}`,
    `--pwfile=${passwordFileIn(folder)}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(cluster.isDurable ? [] : ['--no-sync']),
  ]);
  // Single-user mode needs neither a port nor a client.
  const options = cluster.isDurable ? [] : ['-F'];
  run(
    cluster,
    cluster.binaries.postgres,
    ['--single', ...options, '-D', draft, 'postgres'],
    `CREATE DATABASE ${CLUSTER_DATABASE}\n`,
  );
  renameSync(draft, cluster.dataFolder);
}

function run(cluster: Cluster, program: string, args: readonly string[], input = ''): void {
  const [command, rest] = commandAs(cluster.identity, program, args);
  const done = spawnSync(command, rest, {
    input,
    encoding: 'utf8',
    env: ENVIRONMENT,
    ...credentialsOf(cluster.identity),
  });
  if (done.status === 0) return;
  const said = done.error?.message ?? lastLine(done.stderr);
  throw new LaunchError(`PostgreSQL could not make its data directory ${cluster.dataFolder}: ${said}`);
}

function refuseOtherVersion({ binaries, dataFolder }: Cluster): void {
  const made = readFileSync(join(dataFolder, 'PG_VERSION'), 'utf8').trim();
  const shipped = /(\d+)/.exec(spawnSync(binaries.postgres, ['--version'], { encoding: 'utf8' }).stdout)?.[1];
  if (made === shipped) return;
  throw new LaunchError(
    `${dataFolder} was made by PostgreSQL ${made}, this release brings ${shipped ?? 'an unknown one'}: dump it with the old release, or name another BALLAST_HOME`,
  );
}

function passwordFileIn(folder: string): string {
  return join(folder, 'password');
}

function passwordIn(folder: string, identity: ServerIdentity): string {
  const file = passwordFileIn(folder);
  if (!existsSync(file)) writeFileSync(file, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  if (identity.uid !== undefined && identity.gid !== undefined) chownSync(file, identity.uid, identity.gid);
  return readFileSync(file, 'utf8').trim();
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

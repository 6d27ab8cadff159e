import { spawnSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import { LaunchError } from '../launch-error.js';

/** As whom the PostgreSQL programs run: they refuse to run as root. */
export interface ServerIdentity {
  /** Put before the program and its arguments. */
  readonly prefix: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

/** Not uid 0 for itself, root for the files: needs no further user and may enter every folder that root may. */
const OTHER_USER_NAMESPACE = ['unshare', '--user', '--map-user=1000', '--map-group=1000'];

/** `folder` exists and will hold the data. Throws LaunchError that says what a root user is missing. */
export function serverIdentity(program: string, folder: string): ServerIdentity {
  if (process.getuid?.() !== 0) return { prefix: [] };
  if (answers({ prefix: OTHER_USER_NAMESPACE }, program, folder)) return { prefix: OTHER_USER_NAMESPACE };

  const uid = idOf('-u');
  const gid = idOf('-g');
  if (uid !== null && gid !== null && answers({ prefix: [], uid, gid }, program, folder)) {
    chownSync(folder, uid, gid);
    return { prefix: [], uid, gid };
  }
  throw new LaunchError(
    'PostgreSQL does not run as root, and this machine offers root neither user namespaces (unshare --user) nor a user ' +
      `"postgres" that may enter ${folder} and ${program}: start as an ordinary user, or set DATABASE_URL`,
  );
}

/** The command line of `program` under `identity`. */
export function commandAs(identity: ServerIdentity, program: string, args: readonly string[]): [string, string[]] {
  const [command = program, ...rest] = [...identity.prefix, program, ...args];
  return [command, rest];
}

/** `uid` and `gid` for the options of a spawn. */
export function credentialsOf({ uid, gid }: ServerIdentity): { uid?: number; gid?: number } {
  return uid === undefined || gid === undefined ? {} : { uid, gid };
}

function answers(identity: ServerIdentity, program: string, folder: string): boolean {
  const [command, args] = commandAs(identity, program, ['--version']);
  return spawnSync(command, args, { cwd: folder, ...credentialsOf(identity), stdio: 'ignore' }).status === 0;
}

function idOf(option: '-u' | '-g'): number | null {
  const asked = spawnSync('id', [option, 'postgres'], { encoding: 'utf8' });
  return asked.status === 0 ? Number(asked.stdout) : null;
}

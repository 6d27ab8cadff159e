/** Names of workers, as leases carry them: `place/pid/nonce`. A place is where process ids are told apart: a machine, or a container. */
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Host name and, on Linux, this boot's id with the namespace of process ids: workers in containers may share a host name, and each has
 * process id 1.
 */
export function placeName(readLink: (path: string) => string = readlinkSync): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
    const space = createHash('sha256')
      .update(`${boot} ${readLink('/proc/self/ns/pid')}`)
      .digest('hex');
    return `${hostname()}.${space.slice(0, 8)}`;
  } catch {
    return hostname();
  }
}

export function ownerName(place: string, pid: number): string {
  return `${place}/${pid}/${randomUUID().slice(0, 8)}`;
}

/** True when the owner ran in this place and its process is no more: its lease need not be waited for. */
export function isOwnerGone(owner: string, place: string): boolean {
  const [ownerPlace, pid] = owner.split('/');
  if (ownerPlace !== place || pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return Number(pid) === process.pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

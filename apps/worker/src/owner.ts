/** Names of workers, as leases carry them: `host/pid/nonce`. */
import { randomUUID } from 'node:crypto';

export function ownerName(host: string, pid: number): string {
  return `${host}/${pid}/${randomUUID().slice(0, 8)}`;
}

/** True when the owner ran on this machine and its process is no more: its lease need not be waited for. */
export function isOwnerGone(owner: string, host: string): boolean {
  const [ownerHost, pid] = owner.split('/');
  if (ownerHost !== host || pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return Number(pid) === process.pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

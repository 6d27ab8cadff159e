import { readFileSync } from 'node:fs';

/** Whether a process with this pid still runs; one that has ended and waits to be collected does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return stateOf(pid) !== 'Z';
}

/** The state letter of /proc, null where there is none. */
function stateOf(pid: number): string | null {
  try {
    // The name before it is in parentheses and may hold anything.
    return /^.*\) (\w)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? null;
  } catch {
    return null;
  }
}

import { readFileSync } from 'node:fs';

/** One process, for as long as it lives: a pid alone may be somebody else's by tomorrow. */
export interface ProcessMark {
  readonly pid: number;
  /** When it began, in the kernel's ticks since boot; empty where there is no /proc. */
  readonly began: string;
}

/** 0-based places among the fields of /proc/pid/stat that follow the name. */
const STATE = 0;
const PARENT = 1;
const BEGAN = 19;

export function markOf(pid: number): ProcessMark {
  return { pid, began: statusOf(pid)[BEGAN] ?? '' };
}

/** Whether the marked process still runs. */
export function isStillRunning({ pid, began }: ProcessMark): boolean {
  return isAlive(pid) && markOf(pid).began === began;
}

/** Whether a process with this pid runs; one that has ended and waits to be collected does not. */
export function isAlive(pid: number): boolean {
  return isInUse(pid) && statusOf(pid)[STATE] !== 'Z';
}

/** Whether the pid is taken, be it by a process that has ended. */
export function isInUse(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Who started the process: now, since a process whose parent died is handed on; null where there is no /proc. */
export function parentOf(pid: number): number | null {
  const parent = statusOf(pid)[PARENT];
  return parent === undefined ? null : Number(parent);
}

function statusOf(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before it is in parentheses and may hold anything.
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

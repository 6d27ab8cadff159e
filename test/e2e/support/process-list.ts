import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  /** Command line and environment. */
  readonly text: string;
}

/** Every process that still runs with `home` in its command line or its environment: all that one start left behind. */
export function processesOf(home: string): ProcessEntry[] {
  return allProcesses().filter(({ pid, text }) => pid !== process.pid && text.includes(home));
}

function allProcesses(): ProcessEntry[] {
  return existsSync('/proc/self/environ') ? fromProc() : fromPs();
}

function fromProc(): ProcessEntry[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      // After the name, which is in parentheses and may hold anything: state, parent.
      const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      if (state === 'Z') return [];
      const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8') + readFileSync(`/proc/${pid}/environ`, 'utf8');
      return [{ pid: Number(pid), parentPid: Number(parent), text }];
    } catch {
      return []; // ended meanwhile
    }
  });
}

function fromPs(): ProcessEntry[] {
  const { stdout } = spawnSync('ps', ['axeww', '-o', 'pid=,ppid=,command='], { encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parentPid, text] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return text === undefined ? [] : [{ pid: Number(pid), parentPid: Number(parentPid), text }];
  });
}

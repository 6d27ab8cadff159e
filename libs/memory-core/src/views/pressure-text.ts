/** /proc/pressure/memory. Source: kernel/sched/psi.c of Linux 6.12 (psi_show), as described in the reference. */
import type { Memory } from '../layout/memory.js';
import { memoryPressure } from '../reclaim/psi.js';
import type { Pressure } from '../reclaim/psi.js';

export function pressureText(memory: Memory): string {
  const { some, full } = memoryPressure(memory);
  return `${line('some', some)}${line('full', full)}`;
}

function line(kind: string, { avg10, avg60, avg300, totalUs }: Pressure): string {
  const averages = `avg10=${avg10.toFixed(2)} avg60=${avg60.toFixed(2)} avg300=${avg300.toFixed(2)}`;
  return `${kind} ${averages} total=${Math.floor(totalUs)}\n`;
}

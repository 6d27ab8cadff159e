import { performance } from 'node:perf_hooks';
import type { CellResult } from '#simulation';

/** Starts the clocks; the result says how fast cells were run until it is asked. Processor time is that of all threads. */
export function measureSpeed(): (results: readonly CellResult[]) => string {
  const begunMs = performance.now();
  const used = process.cpuUsage();
  return (results) => {
    const guestSeconds = results.reduce((sum, cell) => sum + (cell.status === 'DONE' ? cell.guestSeconds : 0), 0);
    const { user, system } = process.cpuUsage(used);
    const coreSec = (user + system) / 1e6;
    const wallSec = (performance.now() - begunMs) / 1000;
    const rate = Math.round(guestSeconds / Math.max(coreSec, 1e-3)).toLocaleString('en');
    const all = Math.round(guestSeconds).toLocaleString('en');
    return `${all} guest-seconds in ${wallSec.toFixed(1)} s, ${rate} a second and core`;
  };
}

/** What a scan adds to the counters of /proc/vmstat and to the reclaim it is part of. */
import {
  EV_PGSCAN_ANON,
  EV_PGSCAN_DIRECT,
  EV_PGSCAN_FILE,
  EV_PGSCAN_KSWAPD,
  EV_PGSTEAL_ANON,
  EV_PGSTEAL_DIRECT,
  EV_PGSTEAL_FILE,
  EV_PGSTEAL_KSWAPD,
} from '../layout/events.js';
import type { Memory } from '../layout/memory.js';
import { KIND_FILE } from '../layout/owner-fields.js';
import type { ReclaimControl } from './reclaim-control.js';

export function countScan(memory: Memory, kind: number, scanned: number, freed: number, control: ReclaimControl): void {
  const { events } = memory;
  const file = kind === KIND_FILE;
  events[control.byKswapd ? EV_PGSCAN_KSWAPD : EV_PGSCAN_DIRECT] += scanned;
  events[control.byKswapd ? EV_PGSTEAL_KSWAPD : EV_PGSTEAL_DIRECT] += freed;
  events[file ? EV_PGSCAN_FILE : EV_PGSCAN_ANON] += scanned;
  events[file ? EV_PGSTEAL_FILE : EV_PGSTEAL_ANON] += freed;
  control.scanned += scanned;
  control.allScanned += scanned;
  control.reclaimed += freed;
}

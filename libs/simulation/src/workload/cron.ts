/**
 * Jobs that run by the clock on most servers and desktops: small ones at minute 0 of each hour, a large one in a drawn row of the night,
 * between 0 and 5 h. What they hold goes with them. Recorded VMs are above their own 95th percentile a little more often at 3 to 4 h (5.4
 * to 5.7 % of samples against 4.2 to 4.9 %; GWA-T-12); sizes and lengths are guesses.
 */
import { GIB, MIB, PAGE_SIZE_BYTES, RandomStream } from '#units';
import { STEP_MS } from './common-factor.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NIGHT_ROWS = (5 * HOUR_MS) / STEP_MS;
const MIB_PAGES = MIB / PAGE_SIZE_BYTES;

/** What a job does while it runs: memory of its own, files that it reads, and how busy it keeps the guest. */
export interface Job {
  readonly anonPages: number;
  readonly cachePagesPerSec: number;
  readonly load: number;
}

export const NO_JOB: Job = { anonPages: 0, cachePagesPerSec: 0, load: 0 };

/** What runs at a time, for rows of STEP_MS. The nightly job takes one to three of them. */
export function cronJobs(ramPages: number, seed: number): (timeMs: number) => Job {
  const random = RandomStream.of(seed, 'cron');
  const nightFrom = random.nextBelow(NIGHT_ROWS);
  const nightRows = 1 + random.nextBelow(3);
  const hourly: Job = { anonPages: Math.min(64 * MIB_PAGES, ramPages / 64), cachePagesPerSec: 0, load: 0.1 };
  const nightly: Job = {
    anonPages: Math.min(256 * MIB_PAGES, ramPages / 32),
    // A search through the names of files, packages unpacked, logs turned: 0.1 GiB a minute.
    cachePagesPerSec: Math.min((0.1 * GIB) / PAGE_SIZE_BYTES, ramPages / 64) / 60,
    load: 0.3,
  };
  return (timeMs) => {
    const row = Math.floor((timeMs % DAY_MS) / STEP_MS);
    if (row >= nightFrom && row < nightFrom + nightRows) return nightly;
    return timeMs % HOUR_MS < STEP_MS ? hourly : NO_JOB;
  };
}

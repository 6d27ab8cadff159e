/**
 * Times whole guests that have nothing to do, and how a large one boots and fills its balloon. Prints, each the best of several:
 *
 *   idle_tick_us           processor time of a tick, 100 guests of 2 GiB in turn
 *   idle_tick_vitals_us    the same, and what hosts watch is read after each tick
 *   idle_tick_reading_us   the same, and everything is read: counters, zones, digests
 *   passed_tick_us         a tick of many that go by at once
 *   boot_64_gib_ms, inflate_48_gib_ms   of one guest of 64 GiB; its first inflation
 *
 * npm run bench:tick
 */
import { GIB, PAGE_SIZE_BYTES } from '#units';
import { Guest } from '../src/guest.js';
import { IDLE_WORKLOAD } from '../src/workload/workload.js';

const REPEATS = 5;
const GUESTS = 100;
const TICKS = 300;
const PASSED_TICKS = 30_000;

function boot(gib: number, seed: number): Guest {
  const options = {
    assignedBytes: gib * GIB,
    numaNodes: 1,
    kernelProfile: '6.12',
    memoryBallooning: true,
    balloonCompaction: true,
    deflateOnOom: true,
    freePageReporting: false,
    freePageHinting: false,
    workload: IDLE_WORKLOAD,
    seed,
  } as const;
  return Guest.boot(options, 0);
}

/** Microseconds of processor time that `ticks` ticks of every guest take, by the tick. */
function tickUs(guests: readonly Guest[], ticks: number, live: (guest: Guest) => void, calls = ticks): number {
  let least = Infinity;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const before = process.cpuUsage().user;
    for (let call = 0; call < calls; call++) guests.forEach(live);
    least = Math.min(least, (process.cpuUsage().user - before) / (ticks * guests.length));
  }
  return round(least);
}

function largeGuestMs(): { readonly boot_64_gib_ms: number; readonly inflate_48_gib_ms: number } {
  let [bootMs, inflateMs] = [Infinity, Infinity];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const start = performance.now();
    const guest = boot(64, repeat);
    const booted = performance.now();
    guest.requestBalloon('inflate', (48 * GIB) / PAGE_SIZE_BYTES, null);
    while (guest.advance().length === 0);
    bootMs = Math.min(bootMs, booted - start);
    inflateMs = Math.min(inflateMs, performance.now() - booted);
  }
  return { boot_64_gib_ms: round(bootMs), inflate_48_gib_ms: round(inflateMs) };
}

const round = (value: number): number => Math.round(value * 100) / 100;

const guests = Array.from({ length: GUESTS }, (_, seed) => boot(2, seed));
const figures = {
  idle_tick_us: tickUs(guests, TICKS, (guest) => guest.advance()),
  idle_tick_vitals_us: tickUs(guests, TICKS, (guest) => {
    guest.advance();
    guest.vitals();
  }),
  idle_tick_reading_us: tickUs(guests, TICKS, (guest) => {
    guest.advance();
    guest.read();
  }),
  passed_tick_us: tickUs(guests, PASSED_TICKS, (guest) => guest.advanceTo(guest.tick + PASSED_TICKS), 1),
  ...largeGuestMs(),
};
console.log(JSON.stringify(figures));

/**
 * E6: a guest of 20 GiB is shrunk to 2 GiB and grown again by its balloon, once after a program has touched all that it
 * could get, once freshly booted.
 */
import { DEFAULT_GUEST_FEATURES } from '#contracts';
import { Guest, IDLE_WORKLOAD, type GuestOptions } from '#guest';
import { createOwner, destroyOwner, freePagesOf, growOwner } from '#memory-core';
import { GIB, PAGE_SIZE_BYTES, TICK_MS } from '#units';
import { within, type Finding, type Target } from '../target.js';

const ASSIGNED_BYTES = 20 * GIB;
const MOVED_PAGES = (18 * GIB) / PAGE_SIZE_BYTES;
const MOVED_GIB = 18;
/** Left to the kernel while everything else is touched. */
const SPARE_PAGES = GIB / 4 / PAGE_SIZE_BYTES;
const MOST_TICKS = 600;
const ACCEPT_SHARE = 0.1;

const OPTIONS: GuestOptions = {
  assignedBytes: ASSIGNED_BYTES,
  numaNodes: 1,
  kernelProfile: '6.1',
  ...DEFAULT_GUEST_FEATURES,
  workload: IDLE_WORKLOAD,
  seed: 1,
};

interface Rates {
  readonly inflateGibPerSec: number;
  readonly deflateGibPerSec: number;
  /** Of the host, after inflating. */
  readonly residentGib: number;
}

export const RESIZE: Target = {
  id: 'E6',
  title: 'Resizing a guest: 20 → 2 → 20 GiB by its balloon',
  origin:
    'HyperAlloc (Wrenger et al., EuroSys 2025), data of luhsra/hyperalloc-bench, read from its raw files: 18 GiB over the time',
  setup:
    'One guest of 20 GiB on Linux 6.1. The time of each page is a constant of the simulation, taken from the same data: this checks the accounting, not the constant.',
  missed: '',
  run: () => {
    const touched = resize(true);
    const untouched = resize(false);
    return [
      within('inflate, touched memory (GiB/s)', 0.86, ACCEPT_SHARE, touched.inflateGibPerSec),
      within('inflate, untouched memory (GiB/s)', 1.5, ACCEPT_SHARE, untouched.inflateGibPerSec),
      within('deflate (GiB/s)', 2.11, ACCEPT_SHARE, touched.deflateGibPerSec),
      {
        figure: 'resident after inflating (GiB)',
        published: 2,
        ours: touched.residentGib,
        accept: { low: 0, high: 2 },
      },
    ] satisfies readonly Finding[];
  },
};

function resize(touch: boolean): Rates {
  const guest = Guest.boot(OPTIONS, 0);
  if (touch) touchAll(guest);
  const inflateSec = secondsTo(guest, MOVED_PAGES);
  const residentGib = (guest.read().residentPages * PAGE_SIZE_BYTES) / GIB;
  const deflateSec = secondsTo(guest, 0);
  return { inflateGibPerSec: MOVED_GIB / inflateSec, deflateGibPerSec: MOVED_GIB / deflateSec, residentGib };
}

function touchAll(guest: Guest): void {
  const owner = createOwner(guest.memory, 'ANON');
  growOwner(guest.memory, owner, freePagesOf(guest.memory) - SPARE_PAGES);
  destroyOwner(guest.memory, owner);
}

/** Simulated time until the balloon holds `targetPages`, to a tick; 0 < the result. */
function secondsTo(guest: Guest, targetPages: number): number {
  guest.requestBalloon('resize', targetPages, null);
  for (let tick = 1; tick <= MOST_TICKS; tick++) {
    const [end] = guest.advance();
    if (end !== undefined) return (tick * TICK_MS) / 1000;
  }
  return Number.POSITIVE_INFINITY;
}

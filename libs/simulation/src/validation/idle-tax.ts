/**
 * E11: two guests of 256 MiB with equal shares on 360 MiB. One has touched nearly all of its memory while it booted, as Windows
 * does, and idles; the other works on files through its page cache. Who is active the host finds out by sampling pages.
 */
import { DEFAULT_GUEST_FEATURES } from '#contracts';
import { IDLE_WORKLOAD, type Workload } from '#guest';
import { findPolicy, parseParameters } from '#policy';
import { MIB, PAGE_SIZE_BYTES, invariant } from '#units';
import type { HostGuest, HostGuestSpec } from '../host/host-guest.js';
import { HostSimulation, type HostOptions } from '../host/host-simulation.js';
import { near, type Target } from './target.js';

const RAM_BYTES = 256 * MIB;
const HOST_BYTES = 360 * MIB;
const MIB_PAGES = MIB / PAGE_SIZE_BYTES;
const DAY_MS = 86_400_000;
const SETTLING_SEC = 900;
/** A page that nobody uses costs 1 / (1 − tax) times as much as another: that is the most the active guest can get ahead. */
const TAX_RATIO = 0.75;

/** Booting zeroes 170 MiB of the guest; then it stands still. */
const ZEROING: Workload = {
  ...IDLE_WORKLOAD,
  startsMs: Float64Array.of(0, 60_000),
  anonPages: Int32Array.of(170 * MIB_PAGES, 0),
  cachePagesPerTick: Float64Array.of(0, 0),
  periodMs: DAY_MS,
  digest: 'zeroes its memory',
};

/** Reads files at 2 MiB a second, so that its page cache takes what it can get, and comes back to them. */
const FILE_SERVER: Workload = {
  ...IDLE_WORKLOAD,
  anonPages: Int32Array.of(32 * MIB_PAGES),
  cachePagesPerTick: Float64Array.of(2 * MIB_PAGES),
  periodMs: DAY_MS,
  touchedPerMinuteRatio: 0.999,
  digest: 'file server',
};

/** Sizes less balloons. */
interface Sizes {
  readonly idleBytes: number;
  readonly activeBytes: number;
  /** Of its files, what the active guest finds in memory: its work. */
  readonly cachedBytes: number;
}

export const IDLE_TAX: Target = {
  id: 'E11',
  title: 'Idle memory taxed: an idle guest beside one at work',
  origin:
    'Waldspurger, Memory Resource Management in VMware ESX Server, OSDI 2002, figure 7: Windows idle beside dbench; the tax goes from 0 to 75 %',
  setup:
    "The published machines and the policy `esx`, with 6 % of the host kept free; 15 minutes under each tax. Work is told by the page cache that the active guest keeps, where dbench's throughput was published. The published sharing of pages between guests (67 % of ten clones) is not repeated: hosts here share none.",
  missed: '',
  run: () => {
    const untaxed = settle(0);
    const taxed = settle(TAX_RATIO);
    return [
      near('active guest to idle guest, untaxed', 1, 0.1, untaxed.activeBytes / untaxed.idleBytes),
      {
        figure: 'active guest to idle guest, taxed (published: above 1)',
        published: 1,
        ours: taxed.activeBytes / taxed.idleBytes,
        accept: { low: 1.25, high: 1 / (1 - TAX_RATIO) },
      },
      {
        figure: 'work of the active guest, taxed to untaxed (published: above 1.3)',
        published: 1.3,
        ours: taxed.cachedBytes / untaxed.cachedBytes,
        accept: { low: 1.3, high: 2 },
      },
    ];
  },
};

function settle(idleTaxRatio: number): Sizes {
  const host = new HostSimulation({
    id: 'host',
    capacityBytes: HOST_BYTES,
    reservedBytes: 0,
    swapBytes: HOST_BYTES,
    guests: [guestOf('idle', 1, ZEROING), guestOf('active', 2, FILE_SERVER)],
    policy: esxWith(idleTaxRatio),
    decideEveryMs: 15_000,
    stepMs: 1000,
  });
  for (let second = 0; second < SETTLING_SEC; second++) host.step();
  const [idle, active] = host.guests;
  invariant(idle !== undefined && active !== undefined, 'the host has two guests');
  return {
    idleBytes: sizeBytes(idle),
    activeBytes: sizeBytes(active),
    cachedBytes: active.vitals.filePages * PAGE_SIZE_BYTES,
  };
}

function esxWith(idleTaxRatio: number): NonNullable<HostOptions['policy']> {
  const found = findPolicy('esx');
  invariant(found.ok, 'there is a policy of that name');
  const parsed = parseParameters(found.value, { idleTaxRatio });
  invariant(parsed.ok, 'a tax between 0 and 1 is allowed');
  return { rule: found.value, parameters: parsed.value };
}

function guestOf(id: string, seed: number, workload: Workload): HostGuestSpec {
  const options: HostGuestSpec['options'] = {
    assignedBytes: RAM_BYTES,
    numaNodes: 1,
    kernelProfile: '6.12',
    ...DEFAULT_GUEST_FEATURES,
    workload,
    seed,
  };
  return { id, options, minBytes: 0, shares: 1000, loadAt: () => 1 };
}

function sizeBytes({ assignedPages, balloonPages }: HostGuest): number {
  return (assignedPages - balloonPages) * PAGE_SIZE_BYTES;
}

/** Memory over time of a host: a row a window. */
import { PAGE_SIZE_BYTES } from '#units';
import type { HostGuest } from '../../host/host-guest.js';
import type { HostSimulation } from '../../host/host-simulation.js';
import type { GuestPlan } from '../../workload/plan-guests.js';
import type { GuestMemoryColumns, HostTimeline } from '../model/cell.js';

type Writable<Columns> = { -readonly [Name in keyof Columns]: number[] };
type TimelineColumns = Writable<Omit<HostTimeline, 'host' | 'capacityBytes' | 'guestMemory'>>;

export class Timeline {
  readonly #host: Pick<HostTimeline, 'host' | 'capacityBytes'>;
  readonly #columns: TimelineColumns = {
    timesMs: [],
    residentBytes: [],
    balloonBytes: [],
    demandBytes: [],
    swappedBytes: [],
  };
  readonly #guestMemory: Writable<GuestMemoryColumns> = {
    anonBytes: [],
    fileBytes: [],
    slabBytes: [],
    pageTableBytes: [],
    kernelBytes: [],
    freeBytes: [],
  };

  constructor(host: number, capacityBytes: number) {
    this.#host = { host, capacityBytes };
  }

  get columns(): HostTimeline {
    return { ...this.#host, ...this.#columns, guestMemory: this.#guestMemory };
  }

  add({ guests, residentPages, swappedPages }: HostSimulation, plans: readonly GuestPlan[], timeMs: number): void {
    const columns = this.#columns;
    const balloonPages = guests.reduce((sum, guest) => sum + guest.balloonPages, 0);
    columns.timesMs.push(timeMs);
    columns.residentBytes.push(residentPages * PAGE_SIZE_BYTES);
    columns.balloonBytes.push(balloonPages * PAGE_SIZE_BYTES);
    columns.swappedBytes.push(swappedPages * PAGE_SIZE_BYTES);
    columns.demandBytes.push(plans.reduce((sum, plan, at) => sum + demandOf(plan, guests[at]?.vitals, timeMs), 0));
    this.#addGuests(guests, balloonPages);
  }

  #addGuests(guests: readonly HostGuest[], balloonPages: number): void {
    const usages = guests.map((guest) => guest.usage);
    const sumOf = (of: (usage: HostGuest['usage']) => number): number =>
      usages.reduce((sum, usage) => sum + of(usage), 0);
    const pages = {
      anonBytes: sumOf(({ anonPages }) => anonPages),
      fileBytes: sumOf(({ filePages }) => filePages),
      slabBytes: sumOf(
        ({ slabReclaimablePages, slabUnreclaimablePages }) => slabReclaimablePages + slabUnreclaimablePages,
      ),
      pageTableBytes: sumOf(({ pageTablePages }) => pageTablePages),
      freeBytes: sumOf(({ freePages, perCpuPages }) => freePages + perCpuPages),
    };
    const assignedPages = guests.reduce((sum, guest) => sum + guest.assignedPages, 0);
    const kernelBytes = assignedPages - balloonPages - Object.values(pages).reduce((sum, count) => sum + count, 0);
    for (const [name, count] of Object.entries({ ...pages, kernelBytes })) {
      this.#guestMemory[name as keyof GuestMemoryColumns].push(count * PAGE_SIZE_BYTES);
    }
  }
}

/** By the trace's own word, or what the guest has in use. */
function demandOf(plan: GuestPlan, vitals: HostGuest['vitals'] | undefined, timeMs: number): number {
  if (plan.usedBytesAt !== null) return plan.usedBytesAt(timeMs - 1);
  return vitals === undefined ? 0 : Math.max(0, vitals.totalPages - vitals.availablePages) * PAGE_SIZE_BYTES;
}

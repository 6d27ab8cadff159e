/**
 * A guest on a simulated host: the guest itself, its balloon's target as the host last set it, the statistics that the host
 * has of it, and what of its memory the host has swapped out without its knowing.
 */
import { DEFAULT_MIX, Guest, REDRAWN_PER_HOUR, type GuestOptions, type GuestVitals } from '#guest';
import { lruPagesOf, memoryPressure, readUsage, residentPagesOf, type MemoryUsage, type Pressure } from '#memory-core';
import type { GuestStats, GuestView } from '#policy';
import { PAGE_SIZE_BYTES, TICK_MS } from '#units';
import { pagesFromColdest, swapFaultsPerSec, type ColdPages } from './cold-pages.js';

/** A balloon that has not come closer to its target for so long is seen as not approaching it. */
const STANDSTILL_MS = 5000;
const HISTORY_STEP_MS = 60_000;
/** How long a move is remembered: by then it is no part of a swing. */
const RECENT_MS = 900_000;
/** A day of history is enough for forecasts of peaks by time of day. */
const MOST_HISTORY = 1440;

export interface HostGuestSpec {
  readonly id: string;
  readonly options: GuestOptions;
  /** Guaranteed floor of the guest's size. */
  readonly minBytes: number;
  readonly shares: number;
  /** How busy it is, at a time of the run: 1 is as usual. Every rate at which it uses its pages is multiplied by it. */
  readonly loadAt: (timeMs: number) => number;
}

/** What may be wrong with a guest at a time of the run. */
export interface GuestTrouble {
  /** The driver does not move. */
  readonly refuses: boolean;
  /** Age of the newest statistics that arrive. */
  readonly statisticsDelayMs: number;
}

export const NO_TROUBLE: GuestTrouble = { refuses: false, statisticsDelayMs: 0 };

interface TimedMove {
  readonly timeMs: number;
  readonly fromBytes: number;
  readonly toBytes: number;
}

interface TimedStats {
  readonly timeMs: number;
  readonly stats: GuestStats;
}

export class HostGuest {
  /** The host's wish for the balloon's size. */
  targetPages = 0;
  /** Resident pages of the guest that lie in the host's swap. */
  swappedPages = 0;
  /** Times that it was started again, after its kernel had given up or the host had killed it. */
  restarts = 0;
  /** Of these, those after the host had killed it. */
  hostKills = 0;
  readonly #stats: TimedStats[] = [];
  readonly #history: number[] = [];
  readonly #moves: TimedMove[] = [];
  /** What its device asks of it; the driver that refuses work is asked when it no longer does. */
  #askedPages = 0;
  #guest: Guest;
  #vitals: GuestVitals | null = null;
  #resident: number;
  #lastMovedMs: number | null = null;
  #closestPages = 0;
  #closestMs = 0;
  #faultDebt = 0;

  constructor(
    readonly spec: HostGuestSpec,
    tick = 0,
  ) {
    this.#guest = Guest.boot(spec.options, tick);
    this.#resident = residentPagesOf(this.#guest.memory);
  }

  get assignedPages(): number {
    return this.spec.options.assignedBytes / PAGE_SIZE_BYTES;
  }

  /** What the guest has touched and not given back, in memory or in swap. */
  get residentPages(): number {
    return this.#resident;
  }

  get inMemoryPages(): number {
    return this.#resident - this.swappedPages;
  }

  get balloonPages(): number {
    return this.#guest.balloonPages;
  }

  /** Memory that its programs asked for in the last tick and did not get. */
  get unmetPages(): number {
    return this.#guest.unmetPages;
  }

  /** Memory that its programs want, and of these what is not there yet. */
  get demand(): Guest['demand'] {
    return this.#guest.demand;
  }

  /** Programs that its OOM killer has killed wait to be started again. */
  get isAwaitingRestart(): boolean {
    return this.#guest.isAwaitingRestart;
  }

  /** Time its tasks have lost waiting for memory since it booted. */
  get pressure(): { readonly some: Pressure; readonly full: Pressure } {
    return memoryPressure(this.#guest.memory);
  }

  /** As it is now; read once for each step at most. */
  get vitals(): GuestVitals {
    this.#vitals ??= this.#guest.vitals();
    return this.#vitals;
  }

  /** What its memory is used for. */
  get usage(): MemoryUsage {
    return readUsage(this.#guest.memory);
  }

  /** Counters of /proc/vmstat. */
  get counters(): ReadonlyMap<string, number> {
    return new Map(this.#guest.vmstat());
  }

  /** The host wants a balloon of `pages`. */
  setTarget(pages: number, timeMs: number, trouble: GuestTrouble): void {
    if (pages === this.targetPages) return;
    const fromBytes = this.targetPages * PAGE_SIZE_BYTES;
    this.#moves.push({ timeMs, fromBytes, toBytes: pages * PAGE_SIZE_BYTES });
    this.targetPages = pages;
    this.#lastMovedMs = timeMs;
    this.#closestPages = Number.POSITIVE_INFINITY;
    this.#closestMs = timeMs;
    this.ask(timeMs, trouble);
  }

  /** Hands the target to the driver, unless it has it or refuses. */
  ask(timeMs: number, { refuses }: GuestTrouble): void {
    if (refuses || this.#askedPages === this.targetPages) return;
    this.#askedPages = this.targetPages;
    this.#guest.requestBalloon(`balloon at ${timeMs} ms`, this.targetPages, null);
  }

  /** Lives to the end of `tick`. Returns how many more pages the host backs than before, or fewer. */
  advanceTo(tick: number): number {
    this.#guest.advanceTo(tick);
    this.#vitals = null;
    const before = this.#resident;
    this.#resident = residentPagesOf(this.#guest.memory);
    // What the balloon takes is what nobody uses: the coldest, so what was swapped out first.
    if (this.#resident < before) this.swappedPages = Math.max(0, this.swappedPages - (before - this.#resident));
    return this.#resident - before;
  }

  /**
   * The guest's kernel has given up, or the host has killed it: it boots again, at the same hour of its workload, with a cold page
   * cache and an empty balloon.
   */
  restart(tick: number): void {
    this.restarts++;
    const { workload } = this.spec.options;
    const cold = { ...workload, bootCachePages: 0, offsetMs: workload.offsetMs + tick * TICK_MS };
    this.#guest = Guest.boot({ ...this.spec.options, workload: cold }, tick);
    this.#vitals = null;
    this.#resident = residentPagesOf(this.#guest.memory);
    this.swappedPages = 0;
    this.#askedPages = 0;
  }

  /** The host's OOM killer has chosen it. */
  kill(tick: number): void {
    this.hostKills++;
    this.restart(tick);
  }

  get isRunning(): boolean {
    return this.#guest.run === 'RUNNING';
  }

  /** Uses of pages in the host's swap during `seconds`, in whole pages; what is left over counts next time. */
  takeSwapFaults(seconds: number, timeMs: number): number {
    if (this.swappedPages === 0) return 0;
    const { redrawnPerHour = REDRAWN_PER_HOUR, mix = DEFAULT_MIX } = this.spec.options.workload;
    const use = { load: this.spec.loadAt(timeMs), wakingPerHour: redrawnPerHour * (1 - mix.frozen) };
    const perSec = swapFaultsPerSec(this.coldPages(), this.swappedPages, use);
    this.#faultDebt += perSec * seconds;
    const faults = Math.min(this.swappedPages, Math.floor(this.#faultDebt));
    this.#faultDebt -= faults;
    this.swappedPages -= faults;
    return faults;
  }

  /** Pages by how seldom they are used, the coldest first. */
  coldPages(): ColdPages {
    const { anonPages, filePages } = lruPagesOf(this.#guest.memory);
    return pagesFromColdest(this.#resident, anonPages, filePages, this.spec.options.workload.mix);
  }

  /** Takes note of what the guest says of itself, and of how its balloon comes on. */
  observe(timeMs: number): void {
    this.#stats.push({ timeMs, stats: toStats(this.vitals) });
    if (this.#stats.length > MOST_HISTORY) this.#stats.shift();
    if (timeMs % HISTORY_STEP_MS === 0) {
      const { totalPages, availablePages } = this.vitals;
      this.#history.push(Math.max(0, totalPages - availablePages) * PAGE_SIZE_BYTES);
      if (this.#history.length > MOST_HISTORY) this.#history.shift();
    }
    const distance = Math.abs(this.targetPages - this.balloonPages);
    if (distance < this.#closestPages || distance === 0) {
      this.#closestPages = distance;
      this.#closestMs = timeMs;
    }
  }

  #recentMoves(timeMs: number): GuestView['recentMoves'] {
    while ((this.#moves[0]?.timeMs ?? timeMs) < timeMs - RECENT_MS) this.#moves.shift();
    return this.#moves.map(({ fromBytes, toBytes }) => ({ fromBytes, toBytes }));
  }

  view(timeMs: number, { statisticsDelayMs }: GuestTrouble): GuestView {
    const heldPages = this.balloonPages;
    const known = this.#stats.findLast((entry) => entry.timeMs <= timeMs - statisticsDelayMs);
    const isStuck = heldPages !== this.targetPages && timeMs - this.#closestMs >= STANDSTILL_MS;
    return {
      id: this.spec.id,
      state: this.vitals.run,
      migrating: false,
      assignedBytes: this.spec.options.assignedBytes,
      minBytes: this.spec.minBytes,
      maxBytes: this.spec.options.assignedBytes,
      shares: this.spec.shares,
      balloonTargetBytes: this.targetPages * PAGE_SIZE_BYTES,
      balloonActualBytes: heldPages * PAGE_SIZE_BYTES,
      residentBytes: this.#resident * PAGE_SIZE_BYTES,
      swappedBytes: this.swappedPages * PAGE_SIZE_BYTES,
      stats: known === undefined ? null : { ...known.stats, ageMs: timeMs - known.timeMs },
      stuckSinceMs: isStuck ? this.#closestMs : null,
      lastMovedMs: this.#lastMovedMs,
      heldUntilMs: null,
      baselineBytes: null,
      demand: this.#history.length === 0 ? null : { stepMs: HISTORY_STEP_MS, usedBytes: this.#history },
      recentMoves: this.#recentMoves(timeMs),
    };
  }
}

function toStats(vitals: GuestVitals): GuestStats {
  const bytes = (pages: number): number => pages * PAGE_SIZE_BYTES;
  const { some, full } = vitals.pressure;
  return {
    ageMs: 0,
    freeBytes: bytes(vitals.freePages),
    availableBytes: bytes(vitals.availablePages),
    totalBytes: bytes(vitals.totalPages),
    usedBytes: bytes(Math.max(0, vitals.totalPages - vitals.availablePages)),
    cachedBytes: bytes(vitals.filePages),
    anonBytes: bytes(vitals.anonPages),
    swapUsedBytes: bytes(vitals.swapUsedPages),
    oomKillsTotal: vitals.oomKills,
    pressure: {
      some10: some.avg10 / 100,
      some60: some.avg60 / 100,
      full10: full.avg10 / 100,
      full60: full.avg60 / 100,
      someTotalUs: some.totalUs,
    },
    idleRatio: vitals.idleRatio,
    unusableIndex9: vitals.unusableIndex9Ratio,
    lowWatermarkBytes: bytes(vitals.lowWatermarkPages),
  };
}

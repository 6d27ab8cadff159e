/**
 * What a guest's time came to, window by window: time lost waiting for its own kernel or for the host, and processor time that
 * memory management took. The guest cannot see the host's part; both count.
 */
import { TICK_MS } from '#units';
import type { Costs } from '../../costs/costs.js';
import type { GuestStep } from '../../host/host-simulation.js';
import type { HostGuest } from '../../host/host-guest.js';
import type { Objective } from '../../objective/objective.js';
import type { DayOutcome } from '../model/cell.js';
import { DemandSteps, type Demand } from './demand-steps.js';
import { CHARGED_COUNTERS, lostTime } from './lost-time.js';

const DAY_MS = 86_400_000;
const US_PER_MS = 1000;
/** What a guest's killed programs wait before they are started again the first time; they wait longer each time they die again. */
const FIRST_RESTART_MS = 10_000;
/** Counters of which a window's difference is told, besides those that cost time. */
const COUNTERS = [...CHARGED_COUNTERS, 'oom_kill', 'thp_fault_alloc', 'thp_fault_fallback'] as const;
type Counter = (typeof COUNTERS)[number];

/** A window's share of time. */
export interface WindowShares {
  /** By the guest's own account. */
  readonly some: number;
  readonly full: number;
  /** Waits for the host, which the guest cannot see. */
  readonly host: number;
}

export class GuestTally {
  readonly windows: WindowShares[] = [];
  readonly lagsMs: number[] = [];
  readonly unusableIndexes: number[] = [];
  swapFaults = 0;
  majorFaults = 0;
  oomKills = 0;
  balloonMovedPages = 0;
  thpGranted = 0;
  thpFellBack = 0;
  readonly #days: { windows: number; violatedWindows: number; usefulMs: number; stalledMs: number }[] = [];
  readonly #seen = new Map<Counter, number>();
  #hostStallUs = 0;
  #managementUs = 0;
  #someUs = 0;
  #fullUs = 0;
  #balloonPages = 0;
  #targetPages = 0;
  #targetSinceMs: number | null = null;
  readonly #demandSteps: DemandSteps;
  #restarts = 0;
  #hostKills = 0;
  #restartsInWindow = 0;
  #timeMs = 0;
  #windowFromMs = 0;
  /** Of this window: time in which killed programs waited to be started again. */
  #downMs = 0;
  /** Lost to kills, and not yet counted. */
  #killedUs = 0;

  constructor(
    private readonly costs: Costs,
    private readonly objective: Objective,
    /** Windows that end no later are not judged. */
    private readonly warmUpMs: number,
    /** Cost of a killed program, in `restartMs`. */
    private readonly restarts: number,
  ) {
    this.#demandSteps = new DemandSteps(warmUpMs);
  }

  /** How long each demand step waited for its memory. */
  get recoveriesMs(): readonly number[] {
    return this.#demandSteps.recoveriesMs;
  }

  get days(): readonly DayOutcome[] {
    return this.#days;
  }

  /** One step that ended at `timeMs`. */
  add(guest: HostGuest, { backedPages, swapFaults }: GuestStep, timeMs: number): void {
    const { costs } = this;
    this.swapFaults += swapFaults;
    this.#hostStallUs += swapFaults * costs.majorFaultUs + backedPages * costs.hostFaultUs;
    const moved = guest.balloonPages - this.#balloonPages;
    this.#balloonPages = guest.balloonPages;
    this.balloonMovedPages += Math.abs(moved);
    this.#managementUs += moved > 0 ? moved * costs.inflateUs : -moved * costs.deflateUs;
    if (guest.isAwaitingRestart) this.#downMs += timeMs - this.#timeMs;
    this.#timeMs = timeMs;
    this.#watchBalloon(guest, timeMs);
    this.#demandSteps.add(demandOf(guest), timeMs);
  }

  /** A window ends at `timeMs`. */
  endWindow(guest: HostGuest, timeMs: number): void {
    const counters = guest.counters;
    if (guest.restarts !== this.#restarts) this.#forgetCounters(guest);
    const grown = new Map(COUNTERS.map((name) => [name, this.#grown(name, counters.get(name) ?? 0)]));
    const count = (name: Counter): number => grown.get(name) ?? 0;
    const { stallUs, managementUs } = lostTime(count, this.costs);
    this.#managementUs += managementUs;
    this.majorFaults += count('pgmajfault') + count('workingset_refault_file');
    const kills = count('oom_kill') + this.#restartsInWindow;
    const restartUs = this.costs.restartMs * US_PER_MS;
    // Waiting to be started again is part of what the kill costs.
    this.#killedUs = Math.max(
      this.#killedUs + kills * this.restarts * restartUs,
      (this.#downMs / FIRST_RESTART_MS) * restartUs,
    );
    this.#restartsInWindow = 0;
    this.#downMs = 0;
    this.oomKills += count('oom_kill');
    this.#notePressure(guest, timeMs);
    this.#close(stallUs + this.#takeKilled(timeMs), timeMs);
    this.unusableIndexes.push(guest.vitals.unusableIndex9Ratio);
    this.thpGranted += count('thp_fault_alloc');
    this.thpFellBack += count('thp_fault_fallback');
  }

  /** The run ends at `timeMs`: what still waits has waited until then. */
  end(timeMs: number): void {
    if (this.#targetSinceMs !== null) this.lagsMs.push(timeMs - this.#targetSinceMs);
    this.#demandSteps.end();
  }

  /** A window of a guest that has all it uses, or is one of those of which the host has too many. */
  endPerfectWindow(isShort: boolean, timeMs: number): void {
    this.#note(isShort ? 0 : 1, timeMs);
  }

  /** Of the time that kills cost, what falls into the window that ends at `timeMs`: the rest is lost in those that follow. */
  #takeKilled(timeMs: number): number {
    const taken = Math.min(this.#killedUs, (timeMs - this.#windowFromMs) * US_PER_MS);
    this.#killedUs -= taken;
    return taken;
  }

  /** Useful time = what is left of the guest's own, stretched by what the host makes it wait and by the work of managing memory. */
  #close(guestStallUs: number, timeMs: number): void {
    const windowUs = (timeMs - this.#windowFromMs) * US_PER_MS;
    const own = Math.min(1, guestStallUs / windowUs);
    const useful = (1 - own) / (1 + (this.#hostStallUs + this.#managementUs) / windowUs);
    this.#note(useful, timeMs);
    this.#hostStallUs = 0;
    this.#managementUs = 0;
  }

  #notePressure(guest: HostGuest, timeMs: number): void {
    const windowUs = (timeMs - this.#windowFromMs) * US_PER_MS;
    const { some, full } = guest.pressure;
    const shareOf = (us: number): number => Math.min(1, Math.max(0, us) / windowUs);
    const host = this.#hostStallUs / windowUs;
    if (timeMs > this.warmUpMs) {
      this.windows.push({
        some: shareOf(some.totalUs - this.#someUs),
        full: shareOf(full.totalUs - this.#fullUs),
        host: host / (1 + host),
      });
    }
    this.#someUs = some.totalUs;
    this.#fullUs = full.totalUs;
  }

  #note(useful: number, timeMs: number): void {
    const windowMs = timeMs - this.#windowFromMs;
    this.#windowFromMs = timeMs;
    if (timeMs <= this.warmUpMs) return;
    const day = Math.floor((timeMs - 1) / DAY_MS);
    const outcome = (this.#days[day] ??= { windows: 0, violatedWindows: 0, usefulMs: 0, stalledMs: 0 });
    outcome.windows++;
    if (useful < this.objective.usefulTimeRatio) outcome.violatedWindows++;
    outcome.usefulMs += useful * windowMs;
    outcome.stalledMs += (1 - useful) * windowMs;
  }

  /** A kernel that was started again counts from 0. What made it give up was a kill, too, unless the host has killed it. */
  #forgetCounters(guest: HostGuest): void {
    this.#restartsInWindow = guest.restarts - this.#restarts;
    this.oomKills += this.#restartsInWindow - (guest.hostKills - this.#hostKills);
    this.#hostKills = guest.hostKills;
    this.#restarts = guest.restarts;
    this.#seen.clear();
    this.#someUs = 0;
    this.#fullUs = 0;
  }

  #grown(name: Counter, value: number): number {
    const before = this.#seen.get(name) ?? 0;
    this.#seen.set(name, value);
    return Math.max(0, value - before);
  }

  #watchBalloon(guest: HostGuest, timeMs: number): void {
    if (guest.targetPages !== this.#targetPages) {
      if (this.#targetSinceMs !== null) this.#noteLag(timeMs - this.#targetSinceMs, timeMs);
      this.#targetPages = guest.targetPages;
      this.#targetSinceMs = timeMs - TICK_MS;
    }
    if (this.#targetSinceMs === null || guest.balloonPages !== guest.targetPages) return;
    this.#noteLag(timeMs - this.#targetSinceMs, timeMs);
    this.#targetSinceMs = null;
  }

  #noteLag(lagMs: number, timeMs: number): void {
    if (timeMs > this.warmUpMs) this.lagsMs.push(lagMs);
  }
}

function demandOf(guest: HostGuest): Demand {
  const { assignedPages, demand, unmetPages, isAwaitingRestart } = guest;
  return { assignedPages, ...demand, isWaiting: unmetPages > 0 || isAwaitingRestart };
}

/**
 * One host and its guests through time. In each step the guests live, the host counts what they hold and swaps out what does
 * not fit, and every few seconds a policy sees the host and its plan is carried out: what frees first, then what gives.
 *
 * Guests cannot see that the host swaps: it costs them time when they use what lies there. When swap is full, too, the host kills
 * the guest that holds most.
 */
import type { HostState } from '#contracts';
import { nextHostState, type HostView, type JsonValue, type ParameterValues, type Plan, type Policy } from '#policy';
import { PAGE_SIZE_BYTES, TICK_MS, invariant } from '#units';
import { chooseVictims } from './cold-pages.js';
import { HostGuest, NO_TROUBLE, type GuestTrouble, type HostGuestSpec } from './host-guest.js';

export interface HostOptions {
  readonly id: string;
  readonly capacityBytes: number;
  /** Kept free for the host itself. */
  readonly reservedBytes: number;
  readonly swapBytes: number;
  readonly guests: readonly HostGuestSpec[];
  /** Null: nobody decides. */
  readonly policy: { readonly rule: Policy; readonly parameters: ParameterValues } | null;
  readonly decideEveryMs: number;
  /** A whole number of ticks. */
  readonly stepMs: number;
  /** What is wrong with guest number `guest` at a time. Default: nothing. */
  readonly troubleAt?: (guest: number, timeMs: number) => GuestTrouble;
}

/** What one step cost one guest. */
export interface GuestStep {
  /** Pages that the host began to back. */
  readonly backedPages: number;
  /** Uses of pages that lay in the host's swap. */
  readonly swapFaults: number;
}

export class HostSimulation {
  readonly guests: readonly HostGuest[];
  /** Capacity as it is now: a host may lose memory. */
  capacityBytes: number;
  /** Swap as it is now; Infinity: as much as it takes. */
  swapBytes: number;
  /** Pages that the host wrote to its swap, in all. */
  swappedOutPages = 0;
  oomKills = 0;
  lastPlan: Plan | null = null;
  #timeMs = 0;
  #state: HostState = 'HIGH';
  #memory: JsonValue = null;
  #givings: { readonly guest: number; readonly pages: number }[] = [];

  constructor(readonly options: HostOptions) {
    this.capacityBytes = options.capacityBytes;
    this.swapBytes = options.swapBytes;
    this.guests = options.guests.map((spec) => new HostGuest(spec));
  }

  get timeMs(): number {
    return this.#timeMs;
  }

  get residentPages(): number {
    return this.guests.reduce((sum, guest) => sum + guest.inMemoryPages, 0);
  }

  get swappedPages(): number {
    return this.guests.reduce((sum, guest) => sum + guest.swappedPages, 0);
  }

  /** Memory that neither a guest nor the reserve has; negative when the reserve is in use. */
  get freePages(): number {
    return this.#usablePages - this.residentPages;
  }

  /** One step. Returns what it cost each guest. */
  step(): readonly GuestStep[] {
    const { stepMs, decideEveryMs } = this.options;
    if (this.#timeMs > 0 && this.#timeMs % decideEveryMs === 0) this.#decide();
    this.#give();
    this.guests.forEach((guest, at) => guest.ask(this.#timeMs, this.#troubleOf(at)));
    this.#timeMs += stepMs;
    const steps = this.guests.map((guest) => this.#liveOn(guest));
    this.#swapOut();
    return steps;
  }

  view(): HostView {
    const { options, capacityBytes } = this;
    const usedBytes = this.residentPages * PAGE_SIZE_BYTES + options.reservedBytes;
    const freeBytes = Math.max(0, capacityBytes - usedBytes);
    this.#state = nextHostState(this.#state, freeBytes / capacityBytes);
    return {
      timeMs: this.#timeMs,
      host: {
        id: options.id,
        capacityBytes,
        reservedBytes: options.reservedBytes,
        usedBytes: Math.min(usedBytes, capacityBytes),
        freeBytes,
        availableBytes: freeBytes,
        swapTotalBytes: options.swapBytes,
        swapUsedBytes: this.swappedPages * PAGE_SIZE_BYTES,
        pressure: CALM,
        state: this.#state,
      },
      guests: this.guests.map((guest, at) => guest.view(this.#timeMs, this.#troubleOf(at))),
    };
  }

  get #usablePages(): number {
    return Math.max(0, Math.floor((this.capacityBytes - this.options.reservedBytes) / PAGE_SIZE_BYTES));
  }

  #troubleOf(guest: number): GuestTrouble {
    return this.options.troubleAt?.(guest, this.#timeMs) ?? NO_TROUBLE;
  }

  #liveOn(guest: HostGuest): GuestStep {
    const tick = this.#timeMs / TICK_MS;
    const change = guest.advanceTo(tick);
    const swapFaults = guest.takeSwapFaults(this.options.stepMs / 1000, this.#timeMs);
    if (!guest.isRunning) guest.restart(tick);
    return { backedPages: Math.max(0, change), swapFaults };
  }

  /** Frees at once; what it gives waits until what it frees is there. */
  #decide(): void {
    const { policy } = this.options;
    if (policy === null) return;
    for (const guest of this.guests) guest.observe(this.#timeMs);
    const plan = policy.rule.plan(this.view(), policy.parameters, this.#memory);
    this.#memory = plan.memory;
    this.lastPlan = plan;
    this.#givings = [];
    for (const { id, balloonTargetBytes, phase } of plan.guests) {
      const at = this.guests.findIndex(({ spec }) => spec.id === id);
      const pages = balloonTargetBytes / PAGE_SIZE_BYTES;
      if (phase === 1) this.guests[at]?.setTarget(pages, this.#timeMs, this.#troubleOf(at));
      else this.#givings.push({ guest: at, pages });
    }
  }

  /**
   * Gives what the host has: while somebody still frees, whoever wants more waits; then each gets of it what is left. What a guest is
   * given without touching it stays promised to it.
   */
  #give(): void {
    if (this.#givings.length === 0) return;
    const isFreeing = this.guests.some(({ targetPages, balloonPages }) => targetPages > balloonPages);
    let free = Math.max(0, this.freePages - this.#promisedPages());
    this.#givings = this.#givings.filter(({ guest: at, pages }) => {
      const guest = this.guests[at];
      invariant(guest !== undefined, 'plans name guests of the host');
      const gain = Math.max(0, guest.targetPages - pages);
      if (gain > free && isFreeing) return true;
      const granted = Math.min(gain, free);
      free -= granted;
      guest.setTarget(guest.targetPages - granted, this.#timeMs, this.#troubleOf(at));
      return false;
    });
  }

  #promisedPages(): number {
    return this.guests.reduce((sum, { targetPages, balloonPages }) => sum + Math.max(0, balloonPages - targetPages), 0);
  }

  #swapOut(): void {
    const capacityPages = Math.floor(this.capacityBytes / PAGE_SIZE_BYTES);
    const swapPages = Math.floor(this.swapBytes / PAGE_SIZE_BYTES);
    this.#killUntilFits(capacityPages + swapPages);
    if (this.residentPages <= capacityPages) return;
    const needed = Math.min(this.residentPages - capacityPages, swapPages - this.swappedPages);
    if (needed <= 0) return;
    const victims = chooseVictims(
      this.guests.map((guest) => ({ classes: guest.coldPages(), swapped: guest.swappedPages })),
      needed,
    );
    victims.forEach((pages, at) => {
      const guest = this.guests[at];
      if (guest !== undefined) guest.swappedPages += pages;
      this.swappedOutPages += pages;
    });
  }

  /** The host's own OOM killer: the guest that holds most, and the next, each once. They start again. */
  #killUntilFits(pages: number): void {
    const byHeld = [...this.guests].sort((one, other) => other.inMemoryPages - one.inMemoryPages);
    for (const guest of byHeld) {
      if (this.residentPages + this.swappedPages <= pages) return;
      this.oomKills++;
      guest.kill(this.#timeMs / TICK_MS);
    }
  }
}

const CALM = { some10: 0, some60: 0, full10: 0, full60: 0 } as const;

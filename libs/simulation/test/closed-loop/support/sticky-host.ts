/**
 * A host as Xen's: memory is handed out whole, so a guest's size counts whatever it has touched, and a policy decides at every
 * tick. The guests are simulated ones, but between the host's targets and their balloons stand drivers with vices.
 */
import { Guest, type GuestOptions } from '#guest';
import type { GuestView, HostView, JsonValue, ParameterValues, Plan, Policy } from '#policy';
import { PAGE_SIZE_BYTES } from '#units';

const TICK_MS = 1000;
const SETTLE_TICKS = 60;
const CALM = { some10: 0, some60: 0, full10: 0, full60: 0 } as const;

/** How a guest's driver gets from `actualPages` towards `targetPages` in a tick: the target that its device is given. */
export type Driver = (tick: number, actualPages: number, targetPages: number) => number;

export interface StickyGuestSpec {
  readonly id: string;
  readonly options: GuestOptions;
  readonly minBytes: number;
  /** Target of the balloon when time begins, which it has reached. */
  readonly balloonBytes: number;
  readonly driver: Driver;
}

class StickyGuest {
  targetBytes: number;
  readonly #guest: Guest;
  #actualPages = 0;

  constructor(readonly spec: StickyGuestSpec) {
    this.targetBytes = spec.balloonBytes;
    this.#guest = Guest.boot(spec.options, 0);
    this.#settle();
  }

  get actualBytes(): number {
    return this.#actualPages * PAGE_SIZE_BYTES;
  }

  get sizeBytes(): number {
    return this.spec.options.assignedBytes - this.actualBytes;
  }

  advance(tick: number): void {
    const next = Math.round(this.spec.driver(tick, this.#actualPages, this.targetBytes / PAGE_SIZE_BYTES));
    if (next !== this.#actualPages) this.#guest.requestBalloon(`tick ${tick}`, next, null);
    this.#live();
  }

  view(): GuestView {
    const { options, minBytes, id } = this.spec;
    return {
      id,
      state: 'RUNNING',
      migrating: false,
      assignedBytes: options.assignedBytes,
      minBytes,
      maxBytes: options.assignedBytes,
      shares: 1000,
      balloonTargetBytes: this.targetBytes,
      balloonActualBytes: this.actualBytes,
      residentBytes: this.sizeBytes,
      swappedBytes: 0,
      stats: null,
      stuckSinceMs: null,
      lastMovedMs: null,
      heldUntilMs: null,
      baselineBytes: null,
      demand: null,
      recentMoves: [],
    };
  }

  /** Before time begins its own driver, which has no vices, brings the balloon to its first target. */
  #settle(): void {
    const pages = this.targetBytes / PAGE_SIZE_BYTES;
    this.#guest.requestBalloon('settle', pages, null);
    for (let tick = 0; tick < SETTLE_TICKS && this.#actualPages !== pages; tick++) this.#live();
    if (this.#actualPages !== pages) throw new Error(`guest ${this.spec.id} cannot be so small`);
  }

  #live(): void {
    this.#guest.advance();
    this.#actualPages = this.#guest.read().balloon.heldPages;
  }
}

export interface StickyHostOptions {
  /** Beyond what the guests have when time begins. */
  readonly freeBytes: number;
  readonly guests: readonly StickyGuestSpec[];
  readonly policy: Policy;
  readonly parameters: ParameterValues;
}

export class StickyHost {
  tick = 0;
  capacityBytes: number;
  parameters: ParameterValues;
  readonly guests: readonly StickyGuest[];
  readonly plans: Plan[] = [];
  #memory: JsonValue = null;

  constructor(readonly options: StickyHostOptions) {
    this.parameters = options.parameters;
    this.guests = options.guests.map((spec) => new StickyGuest(spec));
    this.capacityBytes = options.freeBytes + this.#sizesBytes;
  }

  /** Negative when guests have more than there is. */
  get freeBytes(): number {
    return this.capacityBytes - this.#sizesBytes;
  }

  get #sizesBytes(): number {
    return this.guests.reduce((sum, guest) => sum + guest.sizeBytes, 0);
  }

  get lastPlan(): Plan {
    const plan = this.plans.at(-1);
    if (plan === undefined) throw new Error('nothing was decided yet');
    return plan;
  }

  /** Runs for so many ticks, or until `isDone` holds; true when it does. */
  run(ticks: number, isDone: () => boolean): boolean {
    for (const end = this.tick + ticks; this.tick < end && !isDone();) {
      this.tick++;
      this.#decide();
      for (const guest of this.guests) guest.advance(this.tick);
    }
    return isDone();
  }

  #view(): HostView {
    const { capacityBytes } = this;
    const freeBytes = Math.max(0, this.freeBytes);
    const host = {
      id: 'host',
      capacityBytes,
      reservedBytes: 0,
      usedBytes: capacityBytes - freeBytes,
      freeBytes,
      availableBytes: freeBytes,
      swapTotalBytes: 0,
      swapUsedBytes: 0,
      pressure: CALM,
      state: 'HIGH' as const,
    };
    return { timeMs: this.tick * TICK_MS, host, guests: this.guests.map((guest) => guest.view()) };
  }

  #decide(): void {
    const plan = this.options.policy.plan(this.#view(), this.parameters, this.#memory);
    this.#memory = plan.memory;
    this.plans.push(plan);
    for (const { id, balloonTargetBytes } of plan.guests) {
      const guest = this.guests.find(({ spec }) => spec.id === id);
      if (guest !== undefined) guest.targetBytes = balloonTargetBytes;
    }
  }
}

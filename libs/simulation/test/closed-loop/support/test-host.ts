/**
 * A host of simulated guests under a policy: real guests with their balloons, a view of them at every decision, plans carried
 * out free-first. What the guests have in memory beyond the host's capacity counts as swapped out by it.
 */
import { Guest, type GuestOptions, type GuestReading } from '#guest';
import { findPolicy, type GuestView, type HostView, type JsonValue, type ParameterValues, type Plan } from '#policy';
import { PAGE_SIZE_BYTES } from '#units';

const TICK_MS = 1000;
/** A balloon that has not come closer to its target for so long is seen as not approaching it. */
const STANDSTILL_TICKS = 2;
const SETTLE_TICKS = 60;
const HISTORY_STEP_TICKS = 60;
const CALM = { some10: 0, some60: 0, full10: 0, full60: 0 } as const;

/** How a guest's driver gets from `actualPages` towards `targetPages` in a tick: the target that its device is given. */
export type Driver = (tick: number, actualPages: number, targetPages: number) => number;

export interface TestGuestSpec {
  readonly id: string;
  readonly options: GuestOptions;
  readonly minBytes: number;
  readonly shares?: number;
  readonly balloonBytes?: number;
  /** Default: the guest's own driver, which does what it can. */
  readonly driver?: Driver;
  /** Ticks in which the guest gives no statistics. */
  readonly isSilent?: (tick: number) => boolean;
}

export class TestGuest {
  targetBytes: number;
  readonly #guest: Guest;
  /** After the last tick. */
  #reading: GuestReading;
  readonly #demand: number[] = [];
  #stuckSinceMs: number | null = null;
  #lastMovedMs: number | null = null;
  #closestPages = 0;
  #closestTick = 0;

  constructor(readonly spec: TestGuestSpec) {
    this.targetBytes = spec.balloonBytes ?? 0;
    this.#guest = Guest.boot(spec.options, 0);
    this.#reading = this.#guest.read();
  }

  get memory(): Guest['memory'] {
    return this.#guest.memory;
  }
  get actualBytes(): number {
    return this.#reading.balloon.heldPages * PAGE_SIZE_BYTES;
  }
  get sizeBytes(): number {
    return this.spec.options.assignedBytes - this.actualBytes;
  }
  get residentBytes(): number {
    return this.#reading.residentPages * PAGE_SIZE_BYTES;
  }
  get cachedBytes(): number {
    return this.#reading.filePages * PAGE_SIZE_BYTES;
  }
  get pressure(): number {
    return this.#reading.pressure.some.avg10 / 100;
  }
  get isStuck(): boolean {
    return this.#stuckSinceMs !== null;
  }
  counter(name: string): number {
    return new Map(this.#guest.vmstat()).get(name) ?? Number.NaN;
  }

  send(targetBytes: number, tick: number): void {
    if (targetBytes === this.targetBytes) return;
    this.targetBytes = targetBytes;
    this.#lastMovedMs = tick * TICK_MS;
    this.#closestPages = Number.POSITIVE_INFINITY;
  }

  /** Brings the balloon to its first target at the speed of a guest's own driver. */
  settle(): void {
    const targetPages = this.targetBytes / PAGE_SIZE_BYTES;
    this.#guest.requestBalloon('settle', targetPages, null);
    for (let tick = 0; tick < SETTLE_TICKS && this.#reading.balloon.heldPages !== targetPages; tick++) {
      this.#guest.advance();
      this.#reading = this.#guest.read();
    }
    if (this.#reading.balloon.heldPages !== targetPages) throw new Error(`${this.spec.id} cannot be so small`);
  }

  advance(tick: number): void {
    const targetPages = this.targetBytes / PAGE_SIZE_BYTES;
    const { heldPages, targetPages: asked } = this.#reading.balloon;
    const next = Math.round(this.spec.driver?.(tick, heldPages, targetPages) ?? targetPages);
    if (next !== asked) this.#guest.requestBalloon(`tick ${tick}`, next, null);
    this.#guest.advance();
    this.#reading = this.#guest.read();
    this.#watch(tick, targetPages);
    const { totalPages, availablePages } = this.#reading;
    if (tick % HISTORY_STEP_TICKS === 0) this.#demand.push((totalPages - availablePages) * PAGE_SIZE_BYTES);
  }

  #watch(tick: number, targetPages: number): void {
    const distance = Math.abs(targetPages - this.#reading.balloon.heldPages);
    if (distance < this.#closestPages || distance === 0) {
      this.#closestPages = distance;
      this.#closestTick = tick;
      this.#stuckSinceMs = null;
    } else if (tick - this.#closestTick >= STANDSTILL_TICKS) {
      this.#stuckSinceMs ??= this.#closestTick * TICK_MS;
    }
  }

  view(tick: number): GuestView {
    const { options, minBytes, shares = 1000, isSilent } = this.spec;
    const reading = this.#reading;
    const { some, full } = reading.pressure;
    const bytes = (pages: number): number => pages * PAGE_SIZE_BYTES;
    const stats = {
      ageMs: 0,
      freeBytes: bytes(reading.freePages),
      availableBytes: bytes(reading.availablePages),
      totalBytes: bytes(reading.totalPages),
      usedBytes: bytes(Math.max(0, reading.totalPages - reading.availablePages)),
      cachedBytes: bytes(reading.filePages),
      anonBytes: bytes(reading.anonPages),
      pressure: {
        some10: some.avg10 / 100,
        some60: some.avg60 / 100,
        full10: full.avg10 / 100,
        full60: full.avg60 / 100,
      },
      idleRatio: reading.idleRatio,
      unusableIndex9: reading.unusableIndex9Ratio,
    };
    return {
      id: this.spec.id,
      state: reading.run,
      migrating: false,
      assignedBytes: options.assignedBytes,
      minBytes,
      maxBytes: options.assignedBytes,
      shares,
      balloonTargetBytes: this.targetBytes,
      balloonActualBytes: this.actualBytes,
      residentBytes: this.residentBytes,
      swappedBytes: 0,
      stats: isSilent?.(tick) === true ? null : stats,
      stuckSinceMs: this.#stuckSinceMs,
      lastMovedMs: this.#lastMovedMs,
      heldUntilMs: null,
      baselineBytes: null,
      demand: this.#demand.length === 0 ? null : { stepMs: HISTORY_STEP_TICKS * TICK_MS, usedBytes: this.#demand },
      recentMoves: [],
    };
  }
}

export interface TestHostOptions {
  readonly capacityBytes: number;
  readonly guests: readonly TestGuestSpec[];
  readonly policy: string;
  readonly parameters?: ParameterValues;
  readonly everyTicks: number;
  /** RESIDENT: what guests have touched; SIZE: all they are given, as where memory is handed out whole. Default: RESIDENT. */
  readonly accounting?: 'RESIDENT' | 'SIZE';
}

export class TestHost {
  tick = 0;
  capacityBytes: number;
  swapPeakBytes = 0;
  parameters: ParameterValues;
  readonly guests: readonly TestGuest[];
  readonly plans: Plan[] = [];
  #memory: JsonValue = null;

  constructor(readonly options: TestHostOptions) {
    this.capacityBytes = options.capacityBytes;
    this.parameters = options.parameters ?? {};
    this.guests = options.guests.map((spec) => new TestGuest(spec));
  }

  guest(id: string): TestGuest {
    const found = this.guests.find(({ spec }) => spec.id === id);
    if (found === undefined) throw new Error(`there is no guest ${id}`);
    return found;
  }

  get usedBytes(): number {
    const isWhole = this.options.accounting === 'SIZE';
    return this.guests.reduce((sum, guest) => sum + (isWhole ? guest.sizeBytes : guest.residentBytes), 0);
  }

  get swappedBytes(): number {
    return Math.max(0, this.usedBytes - this.capacityBytes);
  }

  get freeBytes(): number {
    return Math.max(0, this.capacityBytes - this.usedBytes);
  }

  get lastPlan(): Plan {
    const plan = this.plans.at(-1);
    if (plan === undefined) throw new Error('nothing was decided yet');
    return plan;
  }

  /** Lets every guest reach the size it is to begin with, whatever its driver is like, before time begins. */
  settle(): void {
    for (const guest of this.guests) guest.settle();
  }

  /** Runs for so many ticks, or until `isDone` holds; true when it does. */
  run(ticks: number, isDone: () => boolean = () => false): boolean {
    for (const end = this.tick + ticks; this.tick < end && !isDone();) {
      this.tick++;
      if (this.tick % this.options.everyTicks === 0) this.#decide();
      for (const guest of this.guests) guest.advance(this.tick);
      this.swapPeakBytes = Math.max(this.swapPeakBytes, this.swappedBytes);
    }
    return isDone();
  }

  view(): HostView {
    const { capacityBytes, swappedBytes, usedBytes, freeBytes } = this;
    const host = {
      id: 'host',
      capacityBytes,
      reservedBytes: 0,
      usedBytes: Math.min(usedBytes, capacityBytes),
      freeBytes,
      availableBytes: freeBytes,
      swapTotalBytes: capacityBytes,
      swapUsedBytes: swappedBytes,
      pressure: CALM,
      state: 'HIGH' as const,
    };
    const share = usedBytes > 0 ? swappedBytes / usedBytes : 0;
    const guests = this.guests.map((guest) => {
      const seen = guest.view(this.tick);
      return { ...seen, swappedBytes: Math.floor(share * seen.residentBytes) };
    });
    return { timeMs: this.tick * TICK_MS, host, guests };
  }

  /** Frees at once; gives from the next decision on what is free by then, unless nothing frees. */
  #decide(): void {
    const found = findPolicy(this.options.policy);
    if (!found.ok) throw new Error(this.options.policy);
    const plan = found.value.plan(this.view(), this.parameters, this.#memory);
    this.#memory = plan.memory;
    this.plans.push(plan);
    let leftBytes = this.freeBytes;
    for (const { id, balloonTargetBytes, phase } of plan.guests) {
      const guest = this.guest(id);
      const gainBytes = Math.max(0, guest.actualBytes - balloonTargetBytes);
      if (phase === 2 && gainBytes > leftBytes) continue;
      leftBytes -= gainBytes;
      guest.send(balloonTargetBytes, this.tick);
    }
  }
}

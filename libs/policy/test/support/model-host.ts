/**
 * A small model of a host with guests, in steps of one second: enough physics to close the loop around a policy. A guest
 * has memory in use that follows a demand, page cache that grows into free memory, pages the host backs once touched, and
 * a balloon that moves at the speed of virtio (1 GiB/s). What a guest cannot get it stalls for; what the host cannot
 * hold it swaps, and guests stall for that too. Sizes in MiB.
 */
import { MIB } from '#units';
import type { JsonValue } from '../../src/model/json.js';
import type { ParameterValues } from '../../src/model/parameters.js';
import type { Plan } from '../../src/model/plan.js';
import type { Policy } from '../../src/model/policy.js';
import type { GuestView, HostView } from '../../src/model/view.js';
import { aGuest, aHost } from './build.js';

const BALLOON_MIB_PER_S = 1024;
const CACHE_MIB_PER_S = 4;
/** A guest this far below its demand stalls all the time. */
const STALL_SCALE = 0.05;
const PSI_GAIN = 1 - Math.exp(-1 / 10);
const HISTORY_STEP_S = 60;

export interface ModelGuestSpec {
  readonly id: string;
  readonly assigned: number;
  readonly min: number;
  readonly shares?: number;
  /** Memory in use at a second of simulated time. */
  readonly demand: (timeS: number) => number;
  /** Share of its size that it touches; default: what it has in use. */
  readonly activeRatio?: number;
  /** The balloon never moves. */
  readonly refuses?: (timeS: number) => boolean;
  readonly isSilent?: (timeS: number) => boolean;
}

class ModelGuest {
  inUse = 0;
  cache = 0;
  resident = 0;
  balloon = 0;
  target = 0;
  some10 = 0;
  wanted = 0;
  swapped = 0;
  stuckSinceS: number | null = null;
  movedS: number | null = null;
  readonly history: number[] = [];

  constructor(readonly spec: ModelGuestSpec) {}

  get size(): number {
    return this.spec.assigned - this.balloon;
  }
  get free(): number {
    return this.size - this.inUse - this.cache;
  }
  /** Free memory that the host backs. */
  get backedFree(): number {
    return Math.max(0, Math.min(this.free, this.resident - this.inUse - this.cache));
  }

  step(timeS: number): void {
    this.#moveBalloon(timeS);
    this.wanted = this.spec.demand(timeS);
    this.inUse = Math.min(this.wanted, this.size);
    this.cache = Math.max(0, Math.min(this.cache + CACHE_MIB_PER_S, this.size * 0.98 - this.inUse));
    this.resident = Math.min(this.size, Math.max(this.resident, this.inUse + this.cache));
    if (timeS % HISTORY_STEP_S === 0) this.history.push(this.inUse);
  }

  #moveBalloon(timeS: number): void {
    const gap = this.target - this.balloon;
    if (gap === 0) {
      this.stuckSinceS = null;
      return;
    }
    const spare = Math.max(0, this.free + this.cache - this.size * 0.01);
    const most = this.spec.refuses?.(timeS) === true ? 0 : Math.min(Math.abs(gap), BALLOON_MIB_PER_S);
    const moved = gap > 0 ? Math.min(most, spare) : -most;
    this.stuckSinceS = moved === 0 ? (this.stuckSinceS ?? timeS) : null;
    if (moved > 0) this.#release(moved);
    this.balloon += moved;
  }

  /** Takes free memory first, of which a part is backed, then cache, which all is. */
  #release(amount: number): void {
    const fromFree = Math.min(amount, Math.max(0, this.free));
    if (this.free > 0) this.resident -= fromFree * (this.backedFree / this.free);
    const fromCache = amount - fromFree;
    this.cache -= fromCache;
    this.resident -= fromCache;
  }

  /** Stalls for what it lacks itself, which it sees as pressure, and for its part of what the host swaps, which it cannot see. */
  stall(hostSwapRatio: number): number {
    const lacking = this.wanted > 0 ? (this.wanted - this.inUse) / this.wanted : 0;
    const own = Math.min(1, lacking / STALL_SCALE);
    this.some10 += PSI_GAIN * (own - this.some10);
    return Math.min(1, own + hostSwapRatio / STALL_SCALE);
  }

  view(timeS: number): GuestView {
    const { spec } = this;
    const pressure = { some10: this.some10, some60: 0, full10: 0, full60: 0 };
    return aGuest({
      id: spec.id,
      assignedBytes: spec.assigned * MIB,
      minBytes: spec.min * MIB,
      shares: spec.shares ?? 1000,
      balloonTargetBytes: Math.round(this.target * MIB),
      balloonActualBytes: Math.round(this.balloon * MIB),
      residentBytes: this.resident * MIB,
      swappedBytes: this.swapped * MIB,
      stats: spec.isSilent?.(timeS)
        ? null
        : {
            ageMs: 0,
            freeBytes: Math.max(0, this.free) * MIB,
            availableBytes: Math.max(0, this.free + this.cache * 0.9) * MIB,
            totalBytes: this.size * MIB,
            usedBytes: (this.inUse + this.cache * 0.1) * MIB,
            cachedBytes: this.cache * MIB,
            idleRatio: Math.max(0, 1 - (spec.activeRatio ?? this.inUse / this.size)),
            unusableIndex9: 0.3,
            pressure,
          },
      stuckSinceMs: this.stuckSinceS === null ? null : this.stuckSinceS * 1000,
      lastMovedMs: this.movedS === null ? null : this.movedS * 1000,
      demand: { stepMs: HISTORY_STEP_S * 1000, usedBytes: this.history.map((used) => used * MIB) },
    });
  }
}

export interface ModelResult {
  /** Guest-seconds in which a guest stalled for more than 5 %. */
  stalledGuestS: number;
  /** Largest amount the host had to swap. */
  swapPeak: number;
  /** Sum of all balloon target changes. */
  moved: number;
  readonly plans: Plan[];
}

export class ModelHost {
  timeS = 0;
  capacity: number;
  readonly guests: ModelGuest[];
  readonly result: ModelResult = { stalledGuestS: 0, swapPeak: 0, moved: 0, plans: [] };
  #memory: JsonValue = null;

  constructor(capacity: number, specs: readonly ModelGuestSpec[]) {
    this.capacity = capacity;
    this.guests = specs.map((spec) => new ModelGuest(spec));
  }

  get used(): number {
    return this.guests.reduce((sum, { resident }) => sum + resident, 0);
  }

  view(): HostView {
    const used = Math.min(this.used, this.capacity);
    const host = aHost({
      capacityBytes: this.capacity * MIB,
      freeBytes: (this.capacity - used) * MIB,
      usedBytes: used * MIB,
    });
    return { timeMs: this.timeS * 1000, host, guests: this.guests.map((guest) => guest.view(this.timeS)) };
  }

  /** Runs for `seconds`, deciding every `everyS`. */
  run(policy: Policy, seconds: number, everyS: number, parameters: ParameterValues = {}): ModelResult {
    for (const endS = this.timeS + seconds; this.timeS < endS; this.timeS++) {
      if (this.timeS % everyS === 0) this.#decide(policy, parameters);
      for (const guest of this.guests) guest.step(this.timeS);
      const swapped = Math.max(0, this.used - this.capacity);
      this.result.swapPeak = Math.max(this.result.swapPeak, swapped);
      for (const guest of this.guests) {
        guest.swapped = (swapped * guest.resident) / Math.max(1, this.used);
        if (guest.stall(swapped / Math.max(1, this.used)) > 0.05) this.result.stalledGuestS++;
      }
    }
    return this.result;
  }

  #decide(policy: Policy, parameters: ParameterValues): void {
    const plan = policy.plan(this.view(), parameters, this.#memory);
    this.#memory = plan.memory;
    this.result.plans.push(plan);
    for (const { id, balloonTargetBytes } of plan.guests) {
      const guest = this.guests.find(({ spec }) => spec.id === id)!;
      const target = balloonTargetBytes / MIB;
      if (target === guest.target) continue;
      this.result.moved += Math.abs(target - guest.target);
      guest.target = target;
      guest.movedS = this.timeS;
    }
  }
}

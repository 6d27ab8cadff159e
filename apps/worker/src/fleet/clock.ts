/**
 * How many ticks are due: wall-clock time × speed. A fleet that cannot keep up falls behind by a bounded time and then simply
 * runs slower than asked, so that it never has to catch up with hours.
 */
export class FleetClock {
  #owedTicks = 0;
  #countedAtMs: number;

  constructor(
    private speed: number,
    nowMs: number,
    private readonly maxDebtMs: number,
  ) {
    this.#countedAtMs = nowMs;
  }

  get speedRatio(): number {
    return this.speed;
  }

  /** Counts up to now at the old speed, then goes on at the new one; a pause begins at once, whatever was due. */
  setSpeed(speed: number, nowMs: number): void {
    this.#count(nowMs);
    this.speed = speed;
    if (speed === 0) this.#owedTicks = 0;
  }

  /** Whole ticks that are due now. */
  due(nowMs: number): number {
    this.#count(nowMs);
    return Math.floor(this.#owedTicks);
  }

  /** Takes `ticks` that were run off what is due. */
  settle(ticks: number): void {
    this.#owedTicks -= ticks;
  }

  /** Milliseconds until the next tick is due; Infinity while paused. */
  untilNextMs(nowMs: number): number {
    this.#count(nowMs);
    return this.speed === 0 ? Infinity : Math.max(0, ((1 - this.#owedTicks) / this.speed) * 1000);
  }

  #count(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - this.#countedAtMs);
    this.#countedAtMs = nowMs;
    const most = Math.max(1, (this.maxDebtMs / 1000) * this.speed);
    this.#owedTicks = Math.min(most, this.#owedTicks + (elapsedMs / 1000) * this.speed);
  }
}

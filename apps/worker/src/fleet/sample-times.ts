/** The wall-clock time that each sample stands for; a later tick never has an earlier time. */
import type { GuestSample } from '#contracts';
import type { TimedSample } from '#persistence';

export class SampleTimes {
  #lastMs: number;

  constructor(nowMs: number) {
    this.#lastMs = nowMs;
  }

  /** Of samples that are taken now. */
  now(samples: readonly GuestSample[], nowMs: number): TimedSample[] {
    this.#lastMs = Math.max(this.#lastMs, nowMs);
    const sampledAt = new Date(this.#lastMs);
    return samples.map((sample) => ({ sample, sampledAt }));
  }

  /**
   * Of samples of the ticks after `fromTick` to `toTick`: the last tick is now, the others lie before it by the fleet's speed,
   * closer together when the fleet catches up.
   */
  ofStep(
    samples: readonly GuestSample[],
    step: { readonly fromTick: number; readonly toTick: number; readonly speed: number },
    nowMs: number,
  ): TimedSample[] {
    const ticks = step.toTick - step.fromTick;
    const endMs = Math.max(this.#lastMs, nowMs);
    const startMs = step.speed > 0 ? Math.max(this.#lastMs, endMs - (ticks / step.speed) * 1000) : endMs;
    this.#lastMs = endMs;
    return samples.map((sample) => ({
      sample,
      sampledAt: new Date(startMs + ((endMs - startMs) * (sample.tick - step.fromTick)) / ticks),
    }));
  }
}

/** Timers cannot count further; whoever wakes early naps again. */
const LONGEST_NAP_MS = 2 ** 31 - 1;

/** A nap that can be cut short. */
export class Alarm {
  #ring: (() => void) | undefined;
  #isSet = false;

  /** Ends the nap that is going on, or the next one before it begins. */
  ring(): void {
    this.#isSet = true;
    this.#ring?.();
  }

  async nap(ms: number): Promise<void> {
    if (!this.#isSet && ms > 0) {
      await new Promise<void>((resolve) => {
        const timer = Number.isFinite(ms) ? setTimeout(resolve, Math.min(ms, LONGEST_NAP_MS)) : undefined;
        this.#ring = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#ring = undefined;
    this.#isSet = false;
  }
}

/**
 * What waits for the loop: guests with operations, guests to boot or remove. Deliveries are gathered by guest, so that a burst
 * becomes one transaction; whoever delivered hears when it is done.
 */
interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Inbox {
  #waiting = new Map<string, Waiter[]>();

  constructor(private readonly onArrival: () => void) {}

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** Resolves when the loop has dealt with the guest. */
  deliver(guestId: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waitersOf(guestId).push({ resolve, reject });
      this.onArrival();
    });
  }

  /** Puts guests in that nobody waits for. */
  put(guestIds: readonly string[]): void {
    for (const guestId of guestIds) this.#waitersOf(guestId);
    if (guestIds.length > 0) this.onArrival();
  }

  /** Takes all that is there, lets `work` deal with it, and tells those who wait. */
  async drain(work: (guestIds: readonly string[]) => Promise<void>): Promise<void> {
    if (this.isEmpty) return;
    const taken = this.#waiting;
    this.#waiting = new Map();
    const waiters = [...taken.values()].flat();
    try {
      await work([...taken.keys()]);
      for (const waiter of waiters) waiter.resolve();
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      for (const waiter of waiters) waiter.reject(failure);
      throw failure;
    }
  }

  #waitersOf(guestId: string): Waiter[] {
    let waiters = this.#waiting.get(guestId);
    if (waiters === undefined) {
      waiters = [];
      this.#waiting.set(guestId, waiters);
    }
    return waiters;
  }
}

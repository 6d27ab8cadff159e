/** Work that is done again and again, never twice at a time. */
export class Timers {
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(private readonly onFailure: (error: Error) => void) {}

  every(ms: number, work: () => Promise<void>): void {
    let isAtWork = false;
    const timer = setInterval(() => {
      if (isAtWork) return;
      isAtWork = true;
      work()
        .catch((error: unknown) => this.onFailure(error instanceof Error ? error : new Error(String(error))))
        .finally(() => {
          isAtWork = false;
        });
    }, ms);
    this.#timers.push(timer);
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }
}

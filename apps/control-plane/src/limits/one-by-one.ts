import { DomainError } from '#contracts';

/** What waits for the one that is at work. */
const MOST_WAITING = 8;

/** Work that takes a thread of its own: one at a time, a few wait, and whoever comes then is told so. */
export class OneByOne {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** `what`: as in "… at a time must be at most 8". */
  constructor(private readonly what: string) {}

  /** Throws DomainError LIMIT_EXCEEDED when too many wait already. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#waiting >= MOST_WAITING) {
      throw new DomainError(
        'LIMIT_EXCEEDED',
        `${this.what} at a time must be at most ${MOST_WAITING}: try again later`,
      );
    }
    this.#waiting++;
    const mine = this.#last.then(work).finally(() => this.#waiting--);
    // Whoever comes next waits for the end of this one, however it ends.
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}

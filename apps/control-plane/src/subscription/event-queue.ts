/**
 * Events on their way to one subscriber, as an async iterable. Whoever reads too slowly loses the oldest ones: what counts is the
 * present, and memory must not grow with somebody's bad connection.
 */
export class EventQueue<Event> implements AsyncIterableIterator<Event> {
  readonly #waiting: Event[] = [];
  #reader: ((result: IteratorResult<Event, undefined>) => void) | undefined;
  #isClosed = false;

  constructor(
    private readonly limit: number,
    private readonly onClose: (queue: EventQueue<Event>) => void,
  ) {}

  push(event: Event): void {
    if (this.#isClosed) return;
    if (this.#reader !== undefined) {
      this.#reader({ value: event, done: false });
      this.#reader = undefined;
      return;
    }
    this.#waiting.push(event);
    if (this.#waiting.length > this.limit) this.#waiting.shift();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting.length = 0;
    this.#reader?.({ value: undefined, done: true });
    this.onClose(this);
  }

  next(): Promise<IteratorResult<Event, undefined>> {
    const event = this.#waiting.shift();
    if (event !== undefined) return Promise.resolve({ value: event, done: false });
    if (this.#isClosed) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => (this.#reader = resolve));
  }

  return(): Promise<IteratorResult<Event, undefined>> {
    this.close();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

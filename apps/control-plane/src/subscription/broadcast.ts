import { EventQueue } from './event-queue.js';

/** Events that one subscriber may be behind. */
const QUEUE_LIMIT = 10_000;

/** An event under the name of the subscription that it answers. */
export type Named<Name extends string, Event> = Readonly<Record<Name, Event>>;

/** One kind of event to all who subscribed to it, each getting those that it wants. */
export class Broadcast<Name extends string, Event> {
  readonly #subscribers = new Map<EventQueue<Named<Name, Event>>, (event: Event) => boolean>();

  constructor(private readonly name: Name) {}

  get isHeard(): boolean {
    return this.#subscribers.size > 0;
  }

  subscribe(wants: (event: Event) => boolean): AsyncIterableIterator<Named<Name, Event>> {
    const queue = new EventQueue<Named<Name, Event>>(QUEUE_LIMIT, (closed) => this.#subscribers.delete(closed));
    this.#subscribers.set(queue, wants);
    return queue;
  }

  send(events: readonly Event[]): void {
    for (const event of events) {
      const named = { [this.name]: event } as Named<Name, Event>;
      for (const [queue, wants] of this.#subscribers) if (wants(event)) queue.push(named);
    }
  }

  /** Ends all subscriptions. */
  close(): void {
    for (const queue of [...this.#subscribers.keys()]) queue.close();
  }
}

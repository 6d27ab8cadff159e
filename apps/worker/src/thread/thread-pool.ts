/** Spreads the guests over the simulation threads; a guest stays where it was put. */
import { DomainError, type GuestCommand, type InspectionAnswer, type InspectionQuestion } from '#contracts';
import type { GuestMember, RecoverableGuest, StoppedGuest } from '#persistence';
import type { AdvanceAnswer, BootAnswer, FrozenGuest, RecoveryReport, ThreadSettings } from './protocol.js';
import { SimulationThread } from './simulation-thread.js';

interface Seat {
  readonly thread: SimulationThread;
  /** RAM of its guests: what a seat is loaded with. */
  assignedBytes: number;
}

export class ThreadPool {
  readonly #seats: Seat[];
  readonly #seatOf = new Map<string, { readonly seat: Seat; readonly assignedBytes: number }>();

  constructor(threads: number, settings: ThreadSettings, onFailure: (error: Error) => void) {
    this.#seats = Array.from({ length: threads }, () => ({
      thread: new SimulationThread(settings, onFailure),
      assignedBytes: 0,
    }));
  }

  get guestIds(): readonly string[] {
    return [...this.#seatOf.keys()];
  }

  has(guestId: string): boolean {
    return this.#seatOf.has(guestId);
  }

  /** First samples of the new guests, born at `tick`. */
  async boot(members: readonly GuestMember[], tick: number): Promise<BootAnswer> {
    const shares = this.#deal(members, (member) => member);
    const answers = await Promise.all(
      [...shares].map(([seat, share]) => seat.thread.ask({ kind: 'BOOT', members: share, tick })),
    );
    return {
      samples: answers.flatMap((answer) => answer.samples),
      stopped: this.#leaveAll(answers.flatMap((answer) => answer.stopped)),
    };
  }

  /** Brings back one lot of guests; those with a problem do not stay. */
  async recover(guests: readonly RecoverableGuest[], toTick: number): Promise<RecoveryReport[]> {
    const shares = this.#deal(guests, (guest) => guest.member);
    const reports = await Promise.all(
      [...shares].map(([seat, share]) => seat.thread.ask({ kind: 'RECOVER', guests: share, toTick })),
    );
    const all = reports.flat();
    for (const report of all) if (report.problem !== null) this.#leave(report.guestId);
    return all;
  }

  async remove(guestIds: readonly string[]): Promise<void> {
    const shares = this.#group(guestIds, (guestId) => guestId);
    for (const guestId of guestIds) this.#leave(guestId);
    await Promise.all([...shares].map(([seat, share]) => seat.thread.ask({ kind: 'REMOVE', guestIds: share })));
  }

  /** Runs the ticks after `fromTick` to `toTick` on every thread. Commands must be for guests that the pool has. */
  async advance(fromTick: number, toTick: number, commands: readonly GuestCommand[]): Promise<AdvanceAnswer> {
    const shares = this.#group(commands, (command) => command.guestId);
    const answers = await Promise.all(
      this.#seats.map((seat) =>
        seat.thread.ask({ kind: 'ADVANCE', fromTick, toTick, commands: shares.get(seat) ?? [] }),
      ),
    );
    return {
      samples: answers.flatMap((answer) => answer.samples),
      results: answers.flatMap((answer) => answer.results),
      stopped: this.#leaveAll(answers.flatMap((answer) => answer.stopped)),
    };
  }

  async snapshot(guestIds: readonly string[]): Promise<FrozenGuest[]> {
    const shares = this.#group(guestIds, (guestId) => guestId);
    const frozen = await Promise.all(
      [...shares].map(([seat, share]) => seat.thread.ask({ kind: 'SNAPSHOT', guestIds: share })),
    );
    return frozen.flat();
  }

  /** Throws DomainError NOT_FOUND for a guest that does not run here. */
  async inspect(guestId: string, question: InspectionQuestion): Promise<InspectionAnswer> {
    const place = this.#seatOf.get(guestId);
    if (place === undefined) throw new DomainError('NOT_FOUND', `guest ${guestId} does not run`);
    return place.seat.thread.ask({ kind: 'INSPECT', guestId, question });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#seats.map((seat) => seat.thread.stop()));
  }

  /** Gives each newcomer a seat: the one with the least RAM to simulate. */
  #deal<Item>(items: readonly Item[], memberOf: (item: Item) => GuestMember): Map<Seat, Item[]> {
    for (const item of items) {
      const { guestId, configuration } = memberOf(item);
      const seat = this.#seats.reduce((best, other) => (other.assignedBytes < best.assignedBytes ? other : best));
      seat.assignedBytes += configuration.assignedBytes;
      this.#seatOf.set(guestId, { seat, assignedBytes: configuration.assignedBytes });
    }
    return this.#group(items, (item) => memberOf(item).guestId);
  }

  #group<Item>(items: readonly Item[], guestIdOf: (item: Item) => string): Map<Seat, Item[]> {
    const groups = new Map<Seat, Item[]>();
    for (const item of items) {
      const place = this.#seatOf.get(guestIdOf(item));
      if (place === undefined) continue;
      const group = groups.get(place.seat);
      if (group === undefined) groups.set(place.seat, [item]);
      else group.push(item);
    }
    return groups;
  }

  #leaveAll(stopped: readonly StoppedGuest[]): readonly StoppedGuest[] {
    for (const { guestId } of stopped) this.#leave(guestId);
    return stopped;
  }

  #leave(guestId: string): void {
    const place = this.#seatOf.get(guestId);
    if (place === undefined) return;
    place.seat.assignedBytes -= place.assignedBytes;
    this.#seatOf.delete(guestId);
  }
}

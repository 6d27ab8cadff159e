/** Freezes guests in turn, so that recovery has little to replay, and stores them beside the loop. */
import { saveSnapshots, type Database, type Lease } from '#persistence';
import type { ThreadPool } from '../thread/thread-pool.js';

/** Each guest about so often, if it has lived meanwhile. */
const INTERVAL_MS = 60_000;
/** Turns in an interval: each freezes its share of the guests, and holds the fleet up for that long. */
const TURNS = 40;
/** Snapshots that are stored in one transaction. */
const BATCH = 4;

interface Turn {
  readonly atMs: number;
  /** Where the guest stood; −1 before its first. */
  readonly tick: number;
}

export class SnapshotKeeper {
  /** When each guest was frozen last. */
  readonly #turns = new Map<string, Turn>();
  #saving: Promise<void> = Promise.resolve();
  #isSaving = false;

  constructor(
    private readonly database: Database,
    private readonly lease: Lease,
    private readonly pool: ThreadPool,
    private readonly onFailure: (error: Error) => void,
  ) {}

  /** Between two steps: freezes the next few guests whose time has come, unless the last ones are still being stored. */
  async freezeDue(tick: number, nowMs: number): Promise<void> {
    if (this.#isSaving) return;
    const due = this.#due(tick, nowMs);
    if (due.length === 0) return;
    const frozen = await this.pool.snapshot(due);
    for (const guestId of due) this.#turns.set(guestId, { atMs: nowMs, tick });
    this.#isSaving = true;
    this.#saving = saveSnapshots(this.database, this.lease, frozen)
      .catch((error: unknown) => this.onFailure(error instanceof Error ? error : new Error(String(error))))
      .finally(() => {
        this.#isSaving = false;
      });
  }

  /** Freezes and stores every guest that has lived since its last turn. */
  async freezeAll(tick: number): Promise<void> {
    await this.#saving;
    const guestIds = this.pool.guestIds.filter((guestId) => this.#turns.get(guestId)?.tick !== tick);
    for (let at = 0; at < guestIds.length; at += BATCH) {
      const frozen = await this.pool.snapshot(guestIds.slice(at, at + BATCH));
      await saveSnapshots(this.database, this.lease, frozen);
    }
  }

  /** Newcomers get a first turn spread over the interval. */
  #due(tick: number, nowMs: number): string[] {
    const guestIds = this.pool.guestIds;
    this.#forgetOthers(guestIds);
    const most = Math.max(BATCH, Math.ceil(guestIds.length / TURNS));
    const due: string[] = [];
    guestIds.forEach((guestId, place) => {
      const last = this.#turns.get(guestId);
      if (last === undefined) {
        const atMs = nowMs - INTERVAL_MS + (INTERVAL_MS * (place + 1)) / guestIds.length;
        this.#turns.set(guestId, { atMs, tick: -1 });
      } else if (nowMs - last.atMs >= INTERVAL_MS && last.tick !== tick && due.length < most) {
        due.push(guestId);
      }
    });
    return due;
  }

  #forgetOthers(guestIds: readonly string[]): void {
    if (this.#turns.size <= guestIds.length) return;
    const known = new Set(guestIds);
    for (const guestId of this.#turns.keys()) if (!known.has(guestId)) this.#turns.delete(guestId);
  }
}

/** Freezes guests in turn, so that recovery has little to replay, and stores them beside the loop. */
import { saveSnapshots, type Database, type Lease } from '#persistence';
import type { ThreadPool } from '../thread/thread-pool.js';

/** Each guest about so often. */
const INTERVAL_MS = 60_000;
/** Snapshots that are taken to be stored in one transaction. */
const BATCH = 4;

export class SnapshotKeeper {
  /** When each guest was frozen last. */
  readonly #frozenAtMs = new Map<string, number>();
  #saving: Promise<void> = Promise.resolve();
  #isSaving = false;

  constructor(
    private readonly database: Database,
    private readonly lease: Lease,
    private readonly pool: ThreadPool,
    private readonly onFailure: (error: Error) => void,
  ) {}

  /** Between two steps: freezes the next few guests whose time has come, unless the last ones are still being stored. */
  async freezeDue(nowMs: number): Promise<void> {
    if (this.#isSaving) return;
    const due = this.#due(nowMs).slice(0, BATCH);
    if (due.length === 0) return;
    const frozen = await this.pool.snapshot(due);
    this.#isSaving = true;
    this.#saving = saveSnapshots(this.database, this.lease, frozen)
      .catch((error: unknown) => this.onFailure(error instanceof Error ? error : new Error(String(error))))
      .finally(() => {
        this.#isSaving = false;
      });
  }

  /** Freezes and stores every guest. */
  async freezeAll(): Promise<void> {
    await this.#saving;
    const guestIds = this.pool.guestIds;
    for (let at = 0; at < guestIds.length; at += BATCH) {
      const frozen = await this.pool.snapshot(guestIds.slice(at, at + BATCH));
      await saveSnapshots(this.database, this.lease, frozen);
    }
  }

  /** Newcomers get a first turn spread over the interval; then whoever waited longest. */
  #due(nowMs: number): string[] {
    const guestIds = this.pool.guestIds;
    const known = new Set(guestIds);
    for (const guestId of this.#frozenAtMs.keys()) if (!known.has(guestId)) this.#frozenAtMs.delete(guestId);
    const due: string[] = [];
    guestIds.forEach((guestId, place) => {
      const last = this.#frozenAtMs.get(guestId);
      if (last === undefined) {
        this.#frozenAtMs.set(guestId, nowMs - INTERVAL_MS + (INTERVAL_MS * (place + 1)) / guestIds.length);
      } else if (nowMs - last >= INTERVAL_MS && due.length < BATCH) {
        this.#frozenAtMs.set(guestId, nowMs);
        due.push(guestId);
      }
    });
    return due;
  }
}

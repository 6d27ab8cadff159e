/** Operations age out with the history that they explain. */
import type { Database } from '../database.js';

/** Rows that are deleted at a time: nobody waits long for one of these statements. */
const BATCH = 5_000;

/**
 * Forgets operations that ended before `before`, their idempotency keys with them, and returns how many. What a guest's recovery may replay
 * stays (from its oldest snapshot on), and so does its newest move: it says when its balloon was moved last.
 */
export async function forgetOperations(database: Database, before: Date, batch = BATCH): Promise<number> {
  let forgotten = 0;
  for (;;) {
    const { rowCount } = await database.pool.query(
      `DELETE FROM operation WHERE id IN (
         SELECT o.id FROM operation o JOIN guest g ON g.id = o.guest_id
          WHERE o.finished_at < $1
            AND (g.state = 'DELETED' OR o.applied_tick IS NULL OR (
              o.applied_tick < (SELECT min(tick) FROM guest_snapshot WHERE guest_id = o.guest_id)
              AND (o.target_bytes IS NULL OR o.applied_tick < (
                SELECT max(applied_tick) FROM operation WHERE guest_id = o.guest_id AND target_bytes IS NOT NULL))))
          LIMIT $2)`,
      [before, batch],
    );
    const deleted = rowCount ?? 0;
    forgotten += deleted;
    if (deleted < batch) return forgotten;
  }
}

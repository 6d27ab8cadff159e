/** Frozen guests: what recovery starts from. */
import type { Database } from './database.js';
import { fence, type Lease } from './lease.js';

export interface StoredSnapshot {
  readonly guestId: string;
  readonly tick: number;
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** Stores snapshots, all or none, and keeps the two newest of each guest. Throws LeaseLostError. */
export async function saveSnapshots(
  database: Database,
  lease: Lease,
  snapshots: readonly StoredSnapshot[],
): Promise<void> {
  if (snapshots.length === 0) return;
  const guestIds = snapshots.map((snapshot) => snapshot.guestId);
  await database.transaction(async (client) => {
    await fence(client, lease);
    for (const { guestId, tick, digest, bytes } of snapshots) {
      await client.query(
        `INSERT INTO guest_snapshot (guest_id, tick, digest, epoch, bytes)
         SELECT id, $2, $3, $4, $5 FROM guest WHERE id = $1
         ON CONFLICT (guest_id, tick) DO UPDATE SET digest = excluded.digest, epoch = excluded.epoch, bytes = excluded.bytes`,
        [guestId, tick, digest, lease.epochs[0], Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)],
      );
    }
    await client.query(
      `DELETE FROM guest_snapshot old
        WHERE guest_id = ANY($1::uuid[])
          AND (SELECT count(*) FROM guest_snapshot newer WHERE newer.guest_id = old.guest_id AND newer.tick > old.tick) >= 2`,
      [guestIds],
    );
  });
}

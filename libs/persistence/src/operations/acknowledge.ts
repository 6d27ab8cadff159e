/**
 * The transaction that acknowledges work on a guest (ARCHITECTURE.md, "One operation", step 1): the guest's row is locked, the
 * operation takes its place in the guest's order and its target in bytes, and from the commit on it will not be lost.
 */
import { DomainError, type OperationKind } from '#contracts';
import { alignDownToPage, PAGE_SIZE_BYTES } from '#units';
import type { PoolClient } from 'pg';
import type { Database } from '../database.js';
import { guestNotFound } from '../guests/change-guest.js';
import { notify } from '../notifications.js';
import { isId, newId } from '../paging/ids.js';

export interface OperationRequest {
  readonly guestId: string;
  readonly kind: OperationKind;
  /** The target of SET_BALLOON_TARGET, the difference of INFLATE and DEFLATE. */
  readonly bytes: number;
  /** Simulated time after which it ends TIMED_OUT; null: never. */
  readonly timeoutMs: number | null;
  readonly requestedBy: string;
  readonly idempotencyKey: string | null;
}

export interface Acknowledgement {
  readonly operationId: string;
  /** False when the idempotency key had brought it before. */
  readonly isNew: boolean;
}

interface LockedGuest {
  assignedBytes: number;
  targetBytes: number;
  nextSequence: number;
}

/**
 * Throws DomainError NOT_FOUND for an unknown guest, BAD_INPUT when the target would leave 0 … assignedBytes, CONFLICT when the
 * idempotency key came with another request before.
 */
export async function acknowledge(database: Database, request: OperationRequest): Promise<Acknowledgement> {
  if (!isId(request.guestId)) throw guestNotFound(request.guestId, 'input.guestId');
  return database.transaction(async (client) => {
    const guest = await lockGuest(client, request.guestId);
    const known = await findByKey(client, request);
    if (known !== null) return { operationId: known, isNew: false };
    const targetBytes = resolveTarget(request, guest);
    const operationId = newId();
    await client.query(
      `WITH moved AS (UPDATE guest SET target_bytes = $5, next_sequence = next_sequence + 1 WHERE id = $2)
       INSERT INTO operation (id, guest_id, sequence, kind, target_bytes, requested_bytes, timeout_ms, requested_by, idempotency_key)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        operationId,
        request.guestId,
        guest.nextSequence,
        request.kind,
        targetBytes,
        request.bytes,
        request.timeoutMs,
        request.requestedBy,
        request.idempotencyKey,
      ],
    );
    await notify(client, 'ballast_operation', { operationId, guestId: request.guestId });
    return { operationId, isNew: true };
  });
}

async function lockGuest(client: PoolClient, id: string): Promise<LockedGuest> {
  const { rows } = await client.query<LockedGuest>(
    `SELECT assigned_bytes::float8 AS "assignedBytes", target_bytes::float8 AS "targetBytes", next_sequence AS "nextSequence"
       FROM guest WHERE id = $1 AND state <> 'DELETED' FOR UPDATE`,
    [id],
  );
  if (rows[0] === undefined) throw guestNotFound(id, 'input.guestId');
  return rows[0];
}

interface KeyedRow {
  id: string;
  kind: string;
  requestedBytes: number;
  timeoutMs: number | null;
}

/** The operation that the same request with the same key made before. */
async function findByKey(client: PoolClient, request: OperationRequest): Promise<string | null> {
  if (request.idempotencyKey === null) return null;
  const { rows } = await client.query<KeyedRow>(
    `SELECT id, kind, requested_bytes::float8 AS "requestedBytes", timeout_ms AS "timeoutMs"
       FROM operation WHERE guest_id = $1 AND idempotency_key = $2`,
    [request.guestId, request.idempotencyKey],
  );
  const known = rows[0];
  if (known === undefined) return null;
  const isSame =
    known.kind === request.kind && known.requestedBytes === request.bytes && known.timeoutMs === request.timeoutMs;
  if (isSame) return known.id;
  throw new DomainError(
    'CONFLICT',
    `input.idempotencyKey must be new for a new request: "${request.idempotencyKey}" came before with ` +
      `${known.kind} of ${known.requestedBytes} bytes (operation ${known.id})`,
    'input.idempotencyKey',
  );
}

/** Size of the balloon, in whole pages. */
function resolveTarget({ kind, bytes }: OperationRequest, { assignedBytes, targetBytes }: LockedGuest): number {
  switch (kind) {
    case 'SET_BALLOON_TARGET':
      checkRange('input.targetBytes', bytes, 0, assignedBytes, "the guest's assigned memory");
      return alignDownToPage(bytes);
    case 'INFLATE':
      checkRange(
        'input.bytes',
        bytes,
        PAGE_SIZE_BYTES,
        assignedBytes - targetBytes,
        "what the guest has beyond the balloon's target",
      );
      return targetBytes + alignDownToPage(bytes);
    case 'DEFLATE':
      checkRange('input.bytes', bytes, PAGE_SIZE_BYTES, targetBytes, "the balloon's target");
      return targetBytes - alignDownToPage(bytes);
  }
}

function checkRange(field: string, bytes: number, min: number, max: number, meaning: string): void {
  if (bytes >= min && bytes <= max) return;
  const accepted = max < min ? `nothing at present, for ${meaning} is ${max}` : `from ${min} to ${max} (${meaning})`;
  throw new DomainError('BAD_INPUT', `${field} must be ${accepted}, got ${bytes}`, field);
}

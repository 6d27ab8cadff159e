/**
 * The transaction that acknowledges work on a guest (ARCHITECTURE.md, "One operation", step 1): the guest's row is locked, the
 * operation takes its place in the guest's order and its target in bytes, and from the commit on it will not be lost.
 */
import { DomainError, type BalloonKind, type GuestWork } from '#contracts';
import { alignDownToPage, PAGE_SIZE_BYTES } from '#units';
import type { PoolClient } from 'pg';
import type { Database } from '../database.js';
import { guestNotFound } from '../guests/change-guest.js';
import { notify } from '../notifications.js';
import { isId, newId } from '../paging/ids.js';

interface RequestFrame {
  readonly guestId: string;
  /** Simulated time after which it ends TIMED_OUT; null: never. */
  readonly timeoutMs: number | null;
  readonly requestedBy: string;
  readonly idempotencyKey: string | null;
}

/** Moves the balloon. `bytes`: the target of SET_BALLOON_TARGET, the difference of INFLATE and DEFLATE. */
export interface BalloonRequest extends RequestFrame {
  readonly kind: BalloonKind;
  readonly bytes: number;
}

/** Any other work on a guest. */
export interface WorkRequest extends RequestFrame {
  readonly kind: GuestWork['kind'];
  readonly work: GuestWork;
}

export type OperationRequest = BalloonRequest | WorkRequest;

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
    const size = sizeOf(request, guest);
    const operationId = newId();
    await client.query(
      `WITH moved AS (UPDATE guest SET target_bytes = coalesce($5, target_bytes), next_sequence = next_sequence + 1 WHERE id = $2)
       INSERT INTO operation (id, guest_id, sequence, kind, target_bytes, requested_bytes, work, timeout_ms, requested_by, idempotency_key)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        operationId,
        request.guestId,
        guest.nextSequence,
        request.kind,
        size?.targetBytes ?? null,
        size?.requestedBytes ?? null,
        'work' in request ? JSON.stringify(request.work) : null,
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
  requestedBytes: number | null;
  isSameWork: boolean;
  timeoutMs: number | null;
}

/** The operation that the same request with the same key made before. */
async function findByKey(client: PoolClient, request: OperationRequest): Promise<string | null> {
  if (request.idempotencyKey === null) return null;
  const { rows } = await client.query<KeyedRow>(
    `SELECT id, kind, requested_bytes::float8 AS "requestedBytes", work IS NOT DISTINCT FROM $3::jsonb AS "isSameWork",
            timeout_ms AS "timeoutMs"
       FROM operation WHERE guest_id = $1 AND idempotency_key = $2`,
    [request.guestId, request.idempotencyKey, 'work' in request ? JSON.stringify(request.work) : null],
  );
  const known = rows[0];
  if (known === undefined) return null;
  const bytes = 'work' in request ? null : request.bytes;
  const isSameSize = known.requestedBytes === bytes && known.isSameWork;
  if (known.kind === request.kind && isSameSize && known.timeoutMs === request.timeoutMs) return known.id;
  throw new DomainError(
    'CONFLICT',
    `input.idempotencyKey must be new for a new request: "${request.idempotencyKey}" came before with ` +
      `${known.kind}${known.requestedBytes === null ? '' : ` of ${known.requestedBytes} bytes`} (operation ${known.id})`,
    'input.idempotencyKey',
  );
}

/** What the row says of sizes; null for work that has none. */
function sizeOf(request: OperationRequest, guest: LockedGuest): { targetBytes: number; requestedBytes: number } | null {
  if ('work' in request) return null;
  return { targetBytes: resolveTarget(request, guest), requestedBytes: request.bytes };
}

/** Size of the balloon, in whole pages. */
function resolveTarget({ kind, bytes }: BalloonRequest, { assignedBytes, targetBytes }: LockedGuest): number {
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

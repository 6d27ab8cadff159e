import type { OperationRequest } from '#persistence';
import { checkRange, checkText } from '../limits/checks.js';

const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const MAX_KEY_LENGTH = 200;
/** Until access control exists nobody has a name. */
const REQUESTED_BY = 'anonymous';

type Frame = Pick<OperationRequest, 'guestId' | 'timeoutMs' | 'requestedBy' | 'idempotencyKey'>;

/** What every request for work carries, checked. Throws DomainError BAD_INPUT. */
export function requestFrame(input: {
  readonly guestId: string;
  readonly timeoutMs?: number | null;
  readonly idempotencyKey?: string | null;
}): Frame {
  const { guestId, timeoutMs, idempotencyKey } = input;
  return {
    guestId,
    timeoutMs: timeoutMs == null ? null : checkRange('input.timeoutMs', timeoutMs, 1, MAX_TIMEOUT_MS),
    requestedBy: REQUESTED_BY,
    idempotencyKey: idempotencyKey == null ? null : checkText('input.idempotencyKey', idempotencyKey, MAX_KEY_LENGTH),
  };
}

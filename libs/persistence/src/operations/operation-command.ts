import { parseGuestWork, type GuestCommand } from '#contracts';
import { invariant } from '#units';

/** The columns of an operation that say what its guest is told. */
export interface CommandRow {
  readonly id: string;
  readonly guest_id: string;
  readonly target_bytes: string | null;
  readonly work: unknown;
  readonly timeout_ms: number | null;
}

export const COMMAND_COLUMNS = 'id, guest_id, target_bytes::text, work, timeout_ms';

/** The command that an operation gives its guest at the start of `tick`. */
export function toCommand(row: CommandRow, tick: number): GuestCommand {
  const common = { guestId: row.guest_id, tick, operationId: row.id, timeoutMs: row.timeout_ms };
  if (row.target_bytes !== null) {
    return { kind: 'SET_BALLOON_TARGET', ...common, targetBytes: Number(row.target_bytes) };
  }
  invariant(row.work !== null, 'an operation has a target or other work');
  return { kind: 'PERFORM', ...common, work: parseGuestWork(row.work) };
}

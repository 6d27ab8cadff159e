import { DomainError, ERROR_CODES, type ErrorCode } from '#contracts';
import { UnrecoverableError } from 'bullmq';

/**
 * How an error of a handler is written on its job: `CODE: message`. An operating error would be the same at the next try, so the job
 * ends there; only UNAVAILABLE and bugs are tried again.
 */
export function toJobFailure(error: unknown): Error {
  if (!(error instanceof DomainError)) return error instanceof Error ? error : new Error(String(error));
  const text = `${error.code}: ${error.message}`;
  return error.code === 'UNAVAILABLE' ? new Error(text) : new UnrecoverableError(text);
}

/** The other way round; what carries no code is a bug of ours. */
export function parseJobFailure(text: string): { readonly code: ErrorCode; readonly reason: string } {
  const code = ERROR_CODES.find((name) => text.startsWith(`${name}: `));
  return code === undefined ? { code: 'INTERNAL', reason: text } : { code, reason: text.slice(code.length + 2) };
}

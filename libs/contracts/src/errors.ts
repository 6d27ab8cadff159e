/** The closed list of `extensions.code` that a client may see. */
export const ERROR_CODES = [
  'BAD_INPUT',
  'NOT_FOUND',
  'CONFLICT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'LIMIT_EXCEEDED',
  'ADMISSION_REFUSED',
  'UNAVAILABLE',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * An operating error: somebody asked for what cannot be done. The message says which field was wrong and what would be
 * accepted; it is shown to the client as it stands, so it holds nothing internal.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    /** Path of the offending field, as the client wrote it: `input.targetBytes`. */
    readonly field?: string,
    /** When more than one thing was wrong: each with its path. */
    readonly problems?: readonly { readonly path: string; readonly message: string }[],
  ) {
    super(message);
  }
}

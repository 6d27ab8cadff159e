import { DomainError } from '#contracts';

/** What a look-up found. Throws DomainError NOT_FOUND when it is nothing. */
export function found<Row>(kind: string, field: string, id: string, row: Row | null | undefined): Row {
  if (row != null) return row;
  throw new DomainError(
    'NOT_FOUND',
    `${field} must be the id of ${kind} that exists; there is none with ${JSON.stringify(id)}`,
    field,
  );
}

import { DomainError } from './errors.js';
import { PROC_FILES, type InspectionQuestion } from './inspection.js';

/**
 * What travels on the queues: small, versioned, parsed on arrival. A payload names rows; what they say is in PostgreSQL.
 * A release must still parse the payloads of the one before.
 */
export const QUEUE_NAMES = ['operations', 'guests', 'inspections'] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

/** An operation row waits to be carried out (or, RUNNING, to be called off). */
export interface OperationJob {
  readonly version: 1;
  readonly operationId: string;
  readonly guestId: string;
}

/** A guest row was created or deleted. */
export interface GuestJob {
  readonly version: 1;
  readonly guestId: string;
}

export interface InspectionJob {
  readonly version: 1;
  readonly guestId: string;
  readonly question: InspectionQuestion;
}

export interface JobPayloads {
  readonly operations: OperationJob;
  readonly guests: GuestJob;
  readonly inspections: InspectionJob;
}

type Parser<Payload> = (data: unknown) => Payload;

/** Parses what arrived on a queue; throws DomainError BAD_INPUT that names the field. */
export const PAYLOAD_PARSERS: { readonly [Name in QueueName]: Parser<JobPayloads[Name]> } = {
  operations: (data) => {
    const record = versioned(data);
    return { version: 1, operationId: text(record, 'operationId'), guestId: text(record, 'guestId') };
  },
  guests: (data) => ({ version: 1, guestId: text(versioned(data), 'guestId') }),
  inspections: (data) => {
    const record = versioned(data);
    return { version: 1, guestId: text(record, 'guestId'), question: question(record['question']) };
  },
};

function versioned(data: unknown): Record<string, unknown> {
  const record = asRecord(data, 'payload');
  if (record['version'] !== 1) throw bad('version', '1', record['version']);
  return record;
}

function question(data: unknown): InspectionQuestion {
  const record = asRecord(data, 'question');
  if (record['kind'] !== 'PROCFS') throw bad('question.kind', 'PROCFS', record['kind']);
  const file = PROC_FILES.find((name) => name === record['file']);
  if (file === undefined) throw bad('question.file', PROC_FILES.join(', '), record['file']);
  return { kind: 'PROCFS', file };
}

function asRecord(data: unknown, field: string): Record<string, unknown> {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw bad(field, 'an object', data);
  return data as Record<string, unknown>;
}

function text(record: Record<string, unknown>, field: string): string {
  const value = record[field];
  if (typeof value !== 'string' || value === '') throw bad(field, 'a non-empty text', value);
  return value;
}

function bad(field: string, accepted: string, got: unknown): DomainError {
  return new DomainError(
    'BAD_INPUT',
    `job field ${field} must be ${accepted}, got ${got === undefined ? 'nothing' : JSON.stringify(got)}`,
    field,
  );
}

import { DomainError } from './errors.js';
import { parseQuestion, type InspectionQuestion } from './inspection.js';

/**
 * What travels on the queues: small, versioned, parsed on arrival. A payload names rows; what they say is in PostgreSQL.
 * A release must still parse the payloads of the one before.
 */
export const QUEUE_NAMES = ['operations', 'guests', 'inspections', 'rebalances', 'experiments'] as const;
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

/** A rebalancing run was asked for, or a schedule's time has come. */
export type RebalanceJob =
  | { readonly version: 1; readonly kind: 'RUN'; readonly runId: string }
  | { readonly version: 1; readonly kind: 'SCHEDULE'; readonly scheduleId: string };

/** A cell of an experiment waits to be run, or all of them have ended. */
export type ExperimentJob =
  | { readonly version: 1; readonly kind: 'CELL'; readonly experimentId: string; readonly place: number }
  | { readonly version: 1; readonly kind: 'ANSWER'; readonly experimentId: string };

export interface JobPayloads {
  readonly operations: OperationJob;
  readonly guests: GuestJob;
  readonly inspections: InspectionJob;
  readonly rebalances: RebalanceJob;
  readonly experiments: ExperimentJob;
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
    return { version: 1, guestId: text(record, 'guestId'), question: parseQuestion(record['question']) };
  },
  rebalances: (data) => {
    const record = versioned(data);
    switch (record['kind']) {
      case 'RUN':
        return { version: 1, kind: 'RUN', runId: text(record, 'runId') };
      case 'SCHEDULE':
        return { version: 1, kind: 'SCHEDULE', scheduleId: text(record, 'scheduleId') };
      default:
        throw bad('kind', 'RUN or SCHEDULE', record['kind']);
    }
  },
  experiments: (data) => {
    const record = versioned(data);
    const experimentId = text(record, 'experimentId');
    switch (record['kind']) {
      case 'CELL':
        return { version: 1, kind: 'CELL', experimentId, place: count(record, 'place') };
      case 'ANSWER':
        return { version: 1, kind: 'ANSWER', experimentId };
      default:
        throw bad('kind', 'CELL or ANSWER', record['kind']);
    }
  },
};

function versioned(data: unknown): Record<string, unknown> {
  const record = asRecord(data, 'payload');
  if (record['version'] !== 1) throw bad('version', '1', record['version']);
  return record;
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

function count(record: Record<string, unknown>, field: string): number {
  const value = record[field];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw bad(field, 'a whole number from 0', value);
  return value;
}

function bad(field: string, accepted: string, got: unknown): DomainError {
  return new DomainError(
    'BAD_INPUT',
    `job field ${field} must be ${accepted}, got ${got === undefined ? 'nothing' : JSON.stringify(got)}`,
    field,
  );
}

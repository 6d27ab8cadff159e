/** Reads a guest's record back, trusting nothing: each field is checked before a guest is made of it. */
import type { BalloonRequest } from './balloon/balloon-request.js';
import { DRIVER_PHASES } from './balloon/virtio-balloon.js';
import type { FreePageHints } from './balloon/virtio-balloon.js';
import type { ClockState } from './guest-clock.js';
import { RUN_STATES } from './guest-state.js';
import type { BalloonRecord, GuestRecord, ProgramsRecord } from './guest-state.js';
import type { KernelWork, PendingWork } from './work/guest-work.js';
import { GuestSnapshotError } from './guest-snapshot-error.js';

type Fields = Readonly<Record<string, unknown>>;

/** Throws GuestSnapshotError that names the field. */
export function parseGuestRecord(text: string): GuestRecord {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new GuestSnapshotError('its state is not JSON');
  }
  const fields = fieldsOf(parsed, 'state');
  return {
    run: oneOf(fields, 'run', RUN_STATES),
    stopReason: fields['stopReason'] === null ? null : textOf(fields, 'stopReason'),
    request: optional(fields, 'request', parseRequest),
    work: listOf(fields, 'work').map(parseWork),
    pausedTicks: countOf(fields, 'pausedTicks'),
    idleRatio: numberOf(fields, 'idleRatio'),
    balloon: optional(fields, 'balloon', parseBalloon),
    programs: parsePrograms(fieldsOf(fields['programs'], 'programs')),
    clock: parseClock(fieldsOf(fields['clock'], 'clock')),
  };
}

function parseRequest(fields: Fields): BalloonRequest {
  return {
    id: textOf(fields, 'id'),
    targetPages: countOf(fields, 'targetPages'),
    timeoutMs: fields['timeoutMs'] === null ? null : numberOf(fields, 'timeoutMs'),
    startedUs: numberOf(fields, 'startedUs'),
  };
}

function parseWork(value: unknown): PendingWork {
  const fields = fieldsOf(value, 'work');
  return {
    id: textOf(fields, 'id'),
    work: parseKernelWork(fieldsOf(fields['work'], 'work.work')),
    timeoutMs: fields['timeoutMs'] === null ? null : numberOf(fields, 'timeoutMs'),
    startedUs: numberOf(fields, 'startedUs'),
  };
}

function parseKernelWork(fields: Fields): KernelWork {
  const kind = oneOf(fields, 'kind', ['COMPACT', 'OFFLINE_MEMORY_BLOCK', 'ONLINE_MEMORY_BLOCK'] as const);
  if (kind !== 'COMPACT') return { kind, block: countOf(fields, 'block') };
  return {
    kind,
    node: fields['node'] === null ? null : countOf(fields, 'node'),
    zone: fields['zone'] === null ? null : textOf(fields, 'zone'),
    order: fields['order'] === null ? null : countOf(fields, 'order'),
    mode: oneOf(fields, 'mode', ['ASYNC', 'SYNC_LIGHT', 'SYNC'] as const),
  };
}

function parseBalloon(fields: Fields): BalloonRecord {
  return {
    phase: oneOf(fields, 'phase', DRIVER_PHASES),
    atUs: numberOf(fields, 'atUs'),
    numPages: countOf(fields, 'numPages'),
    movedAtUs: numberOf(fields, 'movedAtUs'),
    held: countsOf(fields, 'held'),
    targetPages: countOf(fields, 'targetPages'),
    actualPages: countOf(fields, 'actualPages'),
    inflateRequests: countOf(fields, 'inflateRequests'),
    deflateRequests: countOf(fields, 'deflateRequests'),
    hints: parseHints(fieldsOf(fields['hints'], 'hints')),
  };
}

function parseHints(fields: Fields): FreePageHints {
  return {
    toRead: flagOf(fields, 'toRead'),
    received: countOf(fields, 'received'),
    active: countOf(fields, 'active'),
    blocks: countsOf(fields, 'blocks'),
  };
}

function parseClock(fields: Fields): ClockState {
  const timeOf = (field: string): number | null => (fields[field] === null ? null : numberOf(fields, field));
  return { reportAtUs: timeOf('reportAtUs'), napEndsAtUs: timeOf('napEndsAtUs') };
}

function parsePrograms(fields: Fields): ProgramsRecord {
  const state = fieldsOf(fields['state'], 'programs.state');
  return {
    bootTick: countOf(fields, 'bootTick'),
    workload: textOf(fields, 'workload'),
    random: countsOf(fields, 'random'),
    state: {
      row: countOf(state, 'row'),
      goal: countOf(state, 'goal'),
      kept: countOf(state, 'kept'),
      pending: countOf(state, 'pending'),
      unmet: countOf(state, 'unmet'),
      ramp: countOf(state, 'ramp'),
      rampTick: countOf(state, 'rampTick'),
      process: countOf(state, 'process'),
      restartWait: countOf(state, 'restartWait'),
      restartTick: countOf(state, 'restartTick'),
      cacheDebt: numberOf(state, 'cacheDebt'),
      hugeDebt: numberOf(state, 'hugeDebt'),
      mostCache: countOf(state, 'mostCache'),
      shortage: numberOf(state, 'shortage'),
      missedMapped: numberOf(state, 'missedMapped'),
      missed: numberOf(state, 'missed'),
      rereadDebt: numberOf(state, 'rereadDebt'),
      // Snapshots of guests without khugepaged do not have these.
      collapseDebt: 'collapseDebt' in state ? numberOf(state, 'collapseDebt') : 0,
      collapseRest: 'collapseRest' in state ? countOf(state, 'collapseRest') : 0,
    },
  };
}

function optional<Record>(fields: Fields, field: string, parse: (fields: Fields) => Record): Record | null {
  return fields[field] === null ? null : parse(fieldsOf(fields[field], field));
}

function fieldsOf(value: unknown, field: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(field, 'an object');
  return value as Fields;
}

function textOf(fields: Fields, field: string): string {
  const value = fields[field];
  if (typeof value !== 'string') throw bad(field, 'a text');
  return value;
}

function numberOf(fields: Fields, field: string): number {
  const value = fields[field];
  if (typeof value !== 'number' || !(value >= 0)) throw bad(field, 'a number from 0');
  return value;
}

function countOf(fields: Fields, field: string): number {
  const value = numberOf(fields, field);
  if (!Number.isSafeInteger(value)) throw bad(field, 'a whole number');
  return value;
}

function flagOf(fields: Fields, field: string): boolean {
  const value = fields[field];
  if (typeof value !== 'boolean') throw bad(field, 'true or false');
  return value;
}

function listOf(fields: Fields, field: string): readonly unknown[] {
  const values: unknown = fields[field];
  if (!Array.isArray(values)) throw bad(field, 'a list');
  return values as readonly unknown[];
}

function countsOf(fields: Fields, field: string): number[] {
  const values = fields[field];
  if (!Array.isArray(values)) throw bad(field, 'a list');
  return values.map((value: unknown) => countOf({ [field]: value }, field));
}

function oneOf<Value extends string>(fields: Fields, field: string, values: readonly Value[]): Value {
  const found = values.find((value) => value === fields[field]);
  if (found === undefined) throw bad(field, `one of ${values.join(', ')}`);
  return found;
}

function bad(field: string, expected: string): GuestSnapshotError {
  return new GuestSnapshotError(`its field ${field} must be ${expected}`);
}

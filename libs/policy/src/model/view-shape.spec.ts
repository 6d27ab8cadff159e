import { describe, expect, it } from '@jest/globals';
import { GIB } from '#units';
import { PLAN_SCHEMA } from './plan.js';
import type { JsonSchema } from './shape.js';
import { HOST_VIEW_SCHEMA, parseHostView } from './view-shape.js';

const least = { timeMs: 0, host: { capacityBytes: 16 * GIB }, guests: [{ id: 'a', assignedBytes: 4 * GIB }] };

function problemsOf(json: unknown): Record<string, string> {
  const parsed = parseHostView(json);
  if (parsed.ok) throw new Error('accepted');
  return Object.fromEntries(parsed.problems.map(({ path, message }) => [path, message]));
}

describe('parseHostView', () => {
  it('completes what is left out', () => {
    const parsed = parseHostView(least);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    expect(parsed.value.host).toMatchObject({
      id: 'host',
      reservedBytes: 0,
      usedBytes: 4 * GIB,
      freeBytes: 12 * GIB,
      availableBytes: 12 * GIB,
      state: 'HIGH',
      pressure: { some10: 0, some60: 0, full10: 0, full60: 0 },
    });
    expect(parsed.value.guests[0]).toMatchObject({
      state: 'RUNNING',
      minBytes: 0,
      maxBytes: 4 * GIB,
      shares: 1000,
      balloonTargetBytes: 0,
      balloonActualBytes: 0,
      residentBytes: 4 * GIB,
      stats: null,
      stuckSinceMs: null,
      demand: null,
    });
  });

  it('derives free from used and used from free', () => {
    const host = (fields: object) => {
      const parsed = parseHostView({ ...least, host: { capacityBytes: 100, ...fields } });
      return parsed.ok ? [parsed.value.host.usedBytes, parsed.value.host.freeBytes] : parsed.problems;
    };
    expect(host({ usedBytes: 30 })).toEqual([30, 70]);
    expect(host({ freeBytes: 30 })).toEqual([70, 30]);
    expect(host({ usedBytes: 130 })).toEqual([130, 0]);
  });

  it('takes states in any case, null for absent, and fields it does not know', () => {
    const guest = { id: 'a', assignedBytes: 1, state: 'paused', stats: null, colour: 'red' };
    expect(parseHostView({ ...least, guests: [guest] })).toMatchObject({
      ok: true,
      value: { guests: [{ state: 'PAUSED' }] },
    });
  });

  it('reports every problem with its path', () => {
    const problems = problemsOf({
      timeMs: 'now',
      host: { capacityBytes: -1, pressure: { some10: 12 } },
      guests: [
        { assignedBytes: 1, stats: { freeBytes: 'x', pressure: { full10: null } } },
        7,
        { id: 'a', assignedBytes: 1, demand: { stepMs: 0, usedBytes: [1, 'x'] } },
      ],
    });
    expect(Object.keys(problems).sort()).toEqual(
      [
        'timeMs',
        'host.capacityBytes',
        'host.pressure.some10',
        'guests[0].id',
        'guests[0].stats.freeBytes',
        'guests[1]',
        'guests[1].id',
        'guests[1].assignedBytes',
        'guests[2].demand.stepMs',
        'guests[2].demand.usedBytes[1]',
      ].sort(),
    );
    expect(problems['host.pressure.some10']).toBe('must be a number from 0 to 1, got 12');
    expect(problems['guests[0].id']).toBe('must be a non-empty text, got nothing');
  });

  it('reports limits that contradict each other, and ids given twice', () => {
    const guests = [
      { id: 'a', assignedBytes: 10, minBytes: 9, maxBytes: 8 },
      { id: 'a', assignedBytes: 10, minBytes: 11, maxBytes: 20, balloonTargetBytes: 12 },
    ];
    const problems = problemsOf({ ...least, guests });
    expect(Object.keys(problems)).toEqual([
      'guests[0].minBytes',
      'guests[1].minBytes',
      'guests[1].balloonTargetBytes',
      'guests[1].balloonActualBytes',
      'guests[1].id',
    ]);
  });

  it.each([null, 3, [], 'x', {}])('refuses %j', (json) => {
    expect(Object.keys(problemsOf(json)).length).toBeGreaterThan(0);
  });
});

describe('schemas', () => {
  it('say what is required and what each field means', () => {
    expect(HOST_VIEW_SCHEMA['required']).toEqual(['timeMs', 'host', 'guests']);
    const properties = HOST_VIEW_SCHEMA['properties'] as Record<string, JsonSchema>;
    const guest = properties['guests']?.['items'] as JsonSchema;
    expect(guest['required']).toEqual(['id', 'assignedBytes']);
    expect((guest['properties'] as Record<string, JsonSchema>)['shares']).toMatchObject({
      type: 'number',
      default: 1000,
    });
    expect(Object.keys(PLAN_SCHEMA['properties'] as object)).toEqual([
      'guests',
      'untouched',
      'neededBytes',
      'plannedBytes',
      'unreachable',
      'memory',
    ]);
  });

  it('survive a round trip through JSON', () => {
    for (const schema of [HOST_VIEW_SCHEMA, PLAN_SCHEMA]) {
      expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
    }
  });
});

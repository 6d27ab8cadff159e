import { describe, expect, it } from '@jest/globals';
import { parseValue as parseNode } from 'graphql';
import { DateTime } from './date-time.js';
import { Duration, formatDuration, parseDuration } from './duration.js';
import { Bytes } from './whole-number.js';

describe('Bytes', () => {
  it.each([0, 1, 4096, Number.MAX_SAFE_INTEGER])('takes %d as a value and as a literal', (bytes) => {
    expect(Bytes.parseValue(bytes)).toBe(bytes);
    expect(Bytes.parseLiteral(parseNode(String(bytes)))).toBe(bytes);
  });

  it.each([-1, 1.5, 2 ** 53, NaN, '5', null, true, [1]])('refuses the value %j and says what it accepts', (value) => {
    expect(() => Bytes.parseValue(value)).toThrow('Bytes must be a whole number from 0 to 9007199254740991, got');
  });

  it.each(['-1', '1.5', '1e3', '9007199254740992', '"5"', 'true'])('refuses the literal %s', (text) => {
    expect(() => Bytes.parseLiteral(parseNode(text))).toThrow(`got ${text}`);
  });
});

describe('Duration', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['PT5M', 300_000],
    ['PT1.5S', 1500],
    ['P1DT12H', 129_600_000],
  ])('reads %s as %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
    expect(parseDuration(formatDuration(ms))).toBe(ms);
  });

  it.each(['', 'P', 'PT', '5', '-5m', '5 m', 'P1Y', 'PT5', '1h30m', 300])('refuses %j', (value) => {
    expect(() => Duration.parseValue(value)).toThrow('Duration must be a length of time such as "30s"');
  });
});

describe('DateTime', () => {
  it('reads a time at its offset and answers in UTC', () => {
    expect(DateTime.serialize(DateTime.parseValue('2026-03-01T13:30:00+01:30'))).toBe('2026-03-01T12:00:00.000Z');
  });

  it.each(['2026-03-01', '2026-03-01T12:00:00', '2026-13-01T12:00:00Z', 'now', 0])('refuses %j', (value) => {
    expect(() => DateTime.parseValue(value)).toThrow('DateTime must be a time in ISO 8601 with its offset');
  });
});

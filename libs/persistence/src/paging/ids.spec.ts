import { afterEach, expect, it, jest } from '@jest/globals';
import { distinctIds, isId, newId } from './ids.js';

afterEach(() => {
  jest.restoreAllMocks();
});

it('ids ascend, also where more are made in a millisecond than its counter holds, and when the clock goes back', () => {
  const now = Date.now();
  const clock = jest.spyOn(Date, 'now').mockReturnValue(now);
  const ids = Array.from({ length: 10_000 }, newId);
  clock.mockReturnValue(now - 60_000);
  ids.push(newId());
  expect(ids.every(isId)).toBe(true);
  expect(ids).toEqual([...new Set(ids)].toSorted());
});

it('what names no row is left out, and each id is asked for once', () => {
  const id = newId();
  expect(distinctIds([id, 'no-uuid', id])).toEqual([id]);
});

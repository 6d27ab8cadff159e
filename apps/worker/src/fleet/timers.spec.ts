import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Timers } from './timers.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

it('work that takes longer than its interval is not begun twice at a time', async () => {
  const timers = new Timers(() => undefined);
  let begun = 0;
  let finish: () => void = () => undefined;
  timers.every(10, () => {
    begun++;
    return new Promise((resolve) => (finish = resolve));
  });
  await jest.advanceTimersByTimeAsync(55);
  expect(begun).toBe(1);
  finish();
  await jest.advanceTimersByTimeAsync(10);
  expect(begun).toBe(2);
  timers.stop();
  finish();
  await jest.advanceTimersByTimeAsync(50);
  expect(begun).toBe(2);
});

it('a failure is told, and the work goes on being done', async () => {
  const failures: string[] = [];
  const timers = new Timers((error) => failures.push(error.message));
  timers.every(10, () => Promise.reject(new Error('away')));
  await jest.advanceTimersByTimeAsync(25);
  timers.stop();
  expect(failures).toEqual(['away', 'away']);
});

import { expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { latestOnly } from './latest-only.js';

it('work runs one at a time, once more for all who asked meanwhile, and again later', async () => {
  let begun = 0;
  let finish: () => void = () => undefined;
  const ask = latestOnly(() => {
    begun++;
    return new Promise((resolve) => (finish = resolve));
  });
  ask();
  ask();
  ask();
  expect(begun).toBe(1);
  finish();
  await turn();
  expect(begun).toBe(2);
  finish();
  await turn();
  expect(begun).toBe(2);
  ask();
  expect(begun).toBe(3);
});

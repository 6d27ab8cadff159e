import { describe, expect, it } from '@jest/globals';
import { EventQueue } from './event-queue.js';

describe('the queue of a subscriber', () => {
  it('gives events in their order, those before the reader came and those after', async () => {
    const queue = new EventQueue<number>(10, () => undefined);
    queue.push(1);
    queue.push(2);
    expect([await queue.next(), await queue.next()]).toEqual([
      { value: 1, done: false },
      { value: 2, done: false },
    ]);
    const next = queue.next();
    queue.push(3);
    expect(await next).toEqual({ value: 3, done: false });
  });

  it('keeps the newest for a slow reader', async () => {
    const queue = new EventQueue<number>(3, () => undefined);
    for (let event = 1; event <= 10; event++) queue.push(event);
    expect((await queue.next()).value).toBe(8);
  });

  it('ends for who waits and who comes later, and says so once', async () => {
    let closed = 0;
    const queue = new EventQueue<number>(3, () => closed++);
    const next = queue.next();
    await queue.return();
    queue.close();
    queue.push(1);
    expect([await next, await queue.next(), closed]).toEqual([
      { value: undefined, done: true },
      { value: undefined, done: true },
      1,
    ]);
  });
});

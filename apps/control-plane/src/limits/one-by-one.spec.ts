import { describe, expect, it } from '@jest/globals';
import { OneByOne } from './one-by-one.js';

describe('work one by one', () => {
  it('is done in the order of asking, never two at a time, and goes on after one that fails', async () => {
    const works = new OneByOne('tests');
    const told: string[] = [];
    const work = (name: string) => async (): Promise<string> => {
      told.push(`${name} begins`);
      await Promise.resolve();
      told.push(`${name} ends`);
      if (name === 'b') throw new Error('b fails');
      return name;
    };
    const all = ['a', 'b', 'c'].map((name) => works.run(work(name)));
    const ends = await Promise.allSettled(all);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(told).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('refuses the ninth, and takes it again once others are done', async () => {
    const works = new OneByOne('tests');
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const all = Array.from({ length: 8 }, () => works.run(() => gate));
    await expect(works.run(() => gate)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining('tests at a time must be at most 8'),
    });
    open();
    await Promise.all(all);
    await expect(works.run(() => Promise.resolve('ninth'))).resolves.toBe('ninth');
  });
});

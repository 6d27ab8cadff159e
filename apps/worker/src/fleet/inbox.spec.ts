import { describe, expect, it } from '@jest/globals';
import { Inbox } from './inbox.js';

const quiet = (): void => undefined;

describe('Inbox', () => {
  it('gathers what arrives into one piece of work, each guest once', async () => {
    const inbox = new Inbox(quiet);
    const delivered = [inbox.deliver('a'), inbox.deliver('b'), inbox.deliver('a')];
    inbox.put(['c', 'b']);
    const seen: string[][] = [];
    await inbox.drain((guestIds) => Promise.resolve(void seen.push([...guestIds])));
    await Promise.all(delivered);
    expect(seen).toEqual([['a', 'b', 'c']]);
    expect(inbox.isEmpty).toBe(true);
  });

  it('keeps what arrives during the work for the next time', async () => {
    const inbox = new Inbox(quiet);
    inbox.put(['a']);
    await inbox.drain(() => {
      inbox.put(['a']);
      return Promise.resolve();
    });
    expect(inbox.isEmpty).toBe(false);
  });

  it('tells whoever delivered that the work failed, and fails itself', async () => {
    const inbox = new Inbox(quiet);
    const delivered = inbox.deliver('a');
    const failure = new Error('no database');
    await expect(inbox.drain(() => Promise.reject(failure))).rejects.toBe(failure);
    await expect(delivered).rejects.toBe(failure);
  });

  it('calls for attention when something arrives, and only then', () => {
    let calls = 0;
    const inbox = new Inbox(() => calls++);
    inbox.put([]);
    expect(calls).toBe(0);
    inbox.put(['a']);
    expect(calls).toBe(1);
  });
});

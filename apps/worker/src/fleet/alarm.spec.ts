import { describe, expect, it } from '@jest/globals';
import { Alarm } from './alarm.js';

describe('Alarm', () => {
  it('ends a nap without end when it rings', async () => {
    const alarm = new Alarm();
    const nap = alarm.nap(Infinity);
    alarm.ring();
    await expect(nap).resolves.toBeUndefined();
  });

  it('remembers that it rang before the nap, once', async () => {
    const alarm = new Alarm();
    alarm.ring();
    await alarm.nap(Infinity);
    const startedMs = Date.now();
    await alarm.nap(20);
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(15);
  });
});

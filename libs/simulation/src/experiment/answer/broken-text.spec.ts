import { describe, expect, it } from '@jest/globals';
import type { BrokenTest } from '../model/answer.js';
import { brokenText, remedyText, shortageText } from './broken-text.js';

const BROKEN: BrokenTest = {
  part: 'reserve',
  metric: 'reserveKeptRatio',
  value: 0.228395,
  limit: 0.0001,
  brokenSeeds: [1, 3],
  worst: { seed: 3, guest: null, host: null },
};

describe('what broke, in words', () => {
  it('has the value against what is allowed, how often and where', () => {
    expect(brokenText(BROKEN, 3)).toBe(
      'reserve: 22.8 % of seconds with less free than the reserve of the host (allowed 0.01 %); in 2 of 3 seeds, worst under seed 3',
    );
    const recovery = { ...BROKEN, part: 'recovery', metric: 'recoveryMsP99', value: 41_000, limit: 10_000 } as const;
    expect(brokenText(recovery, 3)).toContain(
      'recovery: 41 s until a demand step is backed, 99th percentile (allowed 10 s)',
    );
  });

  it('names the guest and the host, counted from 1', () => {
    const worst = { seed: 1, guest: '104', host: 0 };
    expect(brokenText({ ...BROKEN, worst }, 3)).toMatch(/worst under seed 1, guest 104 on host 1$/);
  });

  it('says of what no policy could help whose it is and what would', () => {
    const worst = { seed: 2, guest: '7', host: 1 };
    expect(shortageText({ windowsRatio: 0.0325, guests: 3, worst })).toBe(
      'short at full backing, too: 3.25 % of windows, of up to 3 guests, worst under seed 2, guest 7 on host 2; ' +
        'no policy can help it, more memory of its own (guests.assignedBytes) does',
    );
    expect(shortageText({ windowsRatio: 0.1, guests: 1, worst })).toContain('of 1 guest, worst');
  });

  it('says what helps, by fields of the spec', () => {
    expect(remedyText({ ...BROKEN, metric: 'policyOomKills' })).toContain('guests.minRatio');
  });
});

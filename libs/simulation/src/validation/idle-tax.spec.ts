import { describe, expect, it } from '@jest/globals';
import { noSample } from '../../test/support/no-sample.js';
import { IDLE_TAX } from './idle-tax.js';
import { holds } from './target.js';

describe('the idle-tax experiment repeated', () => {
  it('gives equal halves untaxed; taxed, it moves memory to the active guest, whose work gains', () => {
    const findings = IDLE_TAX.run(noSample);
    expect(findings).toHaveLength(3);
    expect(findings.filter((finding) => !holds(finding))).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { noSample } from '../../../test/support/no-sample.js';
import { RENDER } from './render.js';
import { holds } from '../target.js';

describe('the renderer repeated', () => {
  it('leaves the host as much as the published one did, and less with each run', () => {
    const findings = RENDER.run(noSample);
    expect(findings).toHaveLength(5);
    expect(findings.filter((finding) => !holds(finding))).toEqual([]);
  });
});

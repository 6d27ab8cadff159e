import { describe, expect, it } from '@jest/globals';
import { noSample } from '../../test/support/no-sample.js';
import { IDLE_SAMPLING } from './idle-sampling.js';
import { holds } from './target.js';

describe('the sampled estimate of active memory repeated', () => {
  it('holds in every figure', () => {
    expect(IDLE_SAMPLING.run(noSample).filter((finding) => !holds(finding))).toEqual([]);
  });
});

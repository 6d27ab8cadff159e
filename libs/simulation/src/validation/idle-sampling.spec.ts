import { describe, expect, it } from '@jest/globals';
import { IDLE_SAMPLING } from './idle-sampling.js';
import { holds } from './target.js';

const noSample = (): never => {
  throw new Error('it needs no traces');
};

describe('the sampled estimate of active memory repeated', () => {
  it('holds in every figure', () => {
    expect(IDLE_SAMPLING.run(noSample).filter((finding) => !holds(finding))).toEqual([]);
  });
});

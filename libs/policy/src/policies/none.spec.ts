import { describe, expect, it } from '@jest/globals';
import { aGuest, aView } from '../../test/support/build.js';
import { none } from './none.js';

describe('none', () => {
  it('moves nothing, whatever the host is short of', () => {
    const plan = none.plan(aView({ availableBytes: 0, state: 'LOW' }, [aGuest(), aGuest({ id: 'g2', stats: null })]));
    expect(plan).toMatchObject({ guests: [], plannedBytes: 0, unreachable: null });
    expect(plan.untouched.map(({ cause }) => cause)).toEqual(['UNCHANGED', 'NO_STATS']);
  });
});

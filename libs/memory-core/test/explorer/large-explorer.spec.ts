import { describe, expect, it } from '@jest/globals';
import { EBUSY, EINTR } from '../../src/layout/errno.js';
import { explore } from './explore.js';
import { offlineCase, reportingCase } from './large-cases.js';

describe.each(['6.1', '6.12', '7.0'] as const)('every interleaving on larger memory, Linux %s', (release) => {
  it.each(['leak', 'fill', 'an isolator'] as const)(
    'offlining and %s',
    (other) => {
      const { finding, outcomes } = explore(offlineCase(release, other));
      expect(finding).toBeNull();
      const results = [...outcomes.keys()].map(Number);
      expect(results).toContain(0);
      // A page in the driver's hands is in the way, or is waited for until patience ends.
      expect(results.every((result) => [0, -EBUSY, -EINTR].includes(result))).toBe(true);
    },
    120_000,
  );

  it('reporting and allocation', () => {
    expect(explore(reportingCase(release)).finding).toBeNull();
  });
});

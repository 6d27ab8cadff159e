import { describe, expect, it } from '@jest/globals';
import { directCase } from './direct-cases.js';
import { explore } from './explore.js';

describe.each(['6.1', '6.12', '7.0'] as const)('every interleaving of direct compaction, Linux %s', (release) => {
  it.each(['leak', 'another request'] as const)('and %s', (other) => {
    const { finding, outcomes } = explore(directCase(release, other));
    expect(finding).toBeNull();
    expect([...outcomes.keys()].sort()).toEqual(other === 'leak' ? ['0 served', '1 served'] : ['1 served', '2 served']);
  });
});

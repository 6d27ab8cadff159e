import { describe, expect, it } from '@jest/globals';
import type { KernelProfile } from '../../src/layout/profile.js';
import { RELEASES, casesOf } from './cases.js';
import { explore } from './explore.js';
import type { Scenario } from './stage.js';

function caseOf(release: KernelProfile, name: string): Scenario {
  return casesOf(release).find((scenario) => scenario.name === `${release}: ${name}`)!;
}

describe.each(RELEASES)('every interleaving, Linux %s', (release) => {
  it.each(casesOf(release).map((scenario) => [scenario.name, scenario] as const))('%s', (_name, scenario) => {
    expect(explore(scenario).finding).toBeNull();
  });
});

describe('what the interleavings show', () => {
  it('a migration finds the balloon busy, is put back, or moves', () => {
    const { outcomes } = explore(caseOf('6.12', 'leak and asynchronous migration'));
    expect([...outcomes.keys()].sort()).toEqual([
      '0 moved, 0 put back',
      '0 moved, 1 put back',
      '0 moved, 2 put back',
      '1 moved, 0 put back',
      '2 moved, 0 put back',
    ]);
  });

  it('a dequeue that found nothing may say so although a page was put back since', () => {
    const { outcomes } = explore(caseOf('7.0', 'leak to nothing and an isolator'));
    expect([...outcomes.keys()]).toContain('2 isolated, a late NULL');
  });

  it('compaction moves all, some or none of a balloon that leaks', () => {
    const { outcomes } = explore(caseOf('7.0', 'leak and compaction'));
    expect([...outcomes.keys()].sort()).toEqual(['0 moved', '1 moved', '2 moved', '3 moved']);
  });
});

describe('the explorer', () => {
  it.each(['migration and a locked page', 'putback and a locked page'])(
    'misses no end by not going into a state twice: %s',
    (name) => {
      const scenario = caseOf('6.12', name);
      const [pruned, whole] = [explore(scenario), explore(scenario, { withoutPruning: true })];
      expect([...pruned.ends].sort()).toEqual([...whole.ends].sort());
      expect([...pruned.outcomes.keys()].sort()).toEqual([...whole.outcomes.keys()].sort());
      expect(whole.runs).toBeGreaterThan(pruned.runs);
    },
  );
});

import { describe, expect, it } from '@jest/globals';
import { RELEASES, casesOf } from './cases.js';
import { explore } from './explore.js';

describe.each(RELEASES)('every interleaving, Linux %s', (release) => {
  it.each(casesOf(release).map((scenario) => [scenario.name, scenario] as const))('%s', (_name, scenario) => {
    const t = Date.now();
    const found = explore(scenario);
    console.log(scenario.name, found.states, found.transitions, found.runs, [...found.outcomes], Date.now() - t);
    expect(found.finding).toBeNull();
  });
});

import { describe, expect, it } from '@jest/globals';
import { explore } from '../../../memory-core/test/explorer/explore.js';
import { driverCases } from './driver-cases.js';

describe.each(['6.1', '6.12', '7.0'] as const)('every interleaving of the driver, Linux %s', (release) => {
  it.each(driverCases(release).map((scenario) => [scenario.name, scenario] as const))('%s', (_name, scenario) => {
    expect(explore(scenario).finding).toBeNull();
  });

  it('the OOM notifier takes pages that stay away, or comes before the fill', () => {
    const scenario = driverCases(release).find(({ name }) => name.endsWith('OOM notifier and fill'))!;
    expect([...explore(scenario).outcomes.keys()].sort()).toEqual(['0 pages', '5 pages']);
  });
});

import { describe, expect, it } from '@jest/globals';
import { aCell, aSpec } from '../../../test/experiment/cells.js';
import { assembleAnswer, cellKeys } from '../answer/assemble-answer.js';
import { drawSpecs, sensitivityOf } from './sensitivity.js';

describe('a sensitivity run', () => {
  const spec = aSpec({
    overcommitRatios: [2],
    policies: [{ name: 'none' }, { name: 'mom' }, { name: 'esx' }],
    seeds: [1],
  });
  const draws = drawSpecs(spec, 40, 1);
  // The outcome hangs on major faults, a little on swap-out; mom is always better, esx only where swap-out is dear.
  const answers = draws.map(({ spec: drawn }) => {
    const faults = drawn.costs.majorFaultUs + 0.5 * drawn.costs.swapOutUs;
    const cells = cellKeys(drawn).map((key) => {
      const gain = [0, 10, 3 * (drawn.costs.swapOutUs - 3.5)][key.policyAt] ?? 0;
      return aCell(key, 1, { violated: 0, spread: 0, guests: 2, days: 1 }, { majorFaults: 1000 + faults - gain });
    });
    return assembleAnswer(drawn, cells, null);
  });

  it('draws every constant from its range and leaves the rest of the spec', () => {
    for (const { spec: drawn } of draws) {
      expect(drawn.costs.majorFaultUs).toBeGreaterThanOrEqual(70);
      expect(drawn.costs.majorFaultUs).toBeLessThanOrEqual(200);
      expect(drawn.guests.commonFactor.fleet).toBeLessThanOrEqual(0.3);
      expect(drawn.model.frozenFactor).toBeGreaterThanOrEqual(0.4);
      expect(drawn.model.frozenFactor).toBeLessThanOrEqual(2.5);
      expect({ ...drawn, costs: spec.costs, guests: spec.guests, model: spec.model }).toEqual(spec);
    }
    expect(new Set(draws.map(({ spec: drawn }) => drawn.model.gapFactor)).size).toBe(40);
    expect(drawSpecs(spec, 40, 1)).toEqual(draws);
  });

  it('finds the constant that matters, and which claims survive', () => {
    const { constants, claims } = sensitivityOf(draws, answers, 'majorFaults');
    expect(constants[0]!.name).toBe('majorFaultUs');
    expect(constants[0]!.correlation).toBeGreaterThan(0.95);
    expect(constants.find(({ name }) => name === 'gapFactor')).toMatchObject({ mark: 'GUESS', low: 0.5, high: 2 });
    expect(claims).toMatchObject([
      { policy: 'mom', signHolds: 1, counts: true, meanDifference: -10 },
      { policy: 'esx', counts: false },
    ]);
  });
});

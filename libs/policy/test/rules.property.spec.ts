import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { POLICIES } from '../src/registry.js';
import { fleet, parametersOf } from './support/fleets.js';
import { brokenRules } from './support/rules.js';

const RUNS = 300;

describe.each(POLICIES.map((policy) => ({ name: policy.name, policy })))('$name over random fleets', ({ policy }) => {
  const decisions = fc.tuple(fleet, parametersOf(policy));

  it('keeps the rules that hold for every policy', () => {
    fc.assert(
      fc.property(decisions, ([view, parameters]) => {
        expect(brokenRules(view, policy.plan(view, parameters), parameters)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('keeps them with what it remembered of another fleet', () => {
    fc.assert(
      fc.property(fleet, decisions, (before, [view, parameters]) => {
        const { memory } = policy.plan(before, parameters);
        const later = { ...view, timeMs: view.timeMs + 10_000 };
        expect(brokenRules(later, policy.plan(later, parameters, memory), parameters)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('says the same for the same input, and nothing that JSON cannot hold', () => {
    fc.assert(
      fc.property(decisions, ([view, parameters]) => {
        const plan = policy.plan(view, parameters);
        const stored = JSON.parse(JSON.stringify(plan)) as typeof plan;
        expect(stored).toEqual(plan);
        expect(policy.plan(JSON.parse(JSON.stringify(view)) as typeof view, parameters)).toEqual(plan);
        expect(policy.plan(view, parameters, stored.memory)).toEqual(policy.plan(view, parameters, plan.memory));
      }),
      { numRuns: 100 },
    );
  });

  it('forgets a memory that is not its own', () => {
    fc.assert(
      fc.property(fleet, fc.jsonValue(), (view, foreign) => {
        expect(brokenRules(view, policy.plan(view, {}, foreign as never))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import type { GuestSample, GuestState, OperationResult } from '#contracts';
import { stateChanges } from './state-changes.js';

const sample = (guestId: string, state: GuestState, stateReason: string | null = null): GuestSample =>
  ({ guestId, state, stateReason }) as GuestSample;
const result = (guestId: string): OperationResult => ({ guestId }) as OperationResult;

describe('state changes of a step', () => {
  it('tells of guests that do not run, with what stopped them', () => {
    expect(stateChanges([sample('a', 'RUNNING'), sample('b', 'KERNEL_BUG', 'kernel BUG: x')], [])).toEqual([
      { guestId: 'b', state: 'KERNEL_BUG', reason: 'kernel BUG: x' },
    ]);
  });

  it('tells that a guest runs only where work may have woken it', () => {
    expect(stateChanges([sample('a', 'RUNNING'), sample('b', 'RUNNING')], [result('b')])).toEqual([
      { guestId: 'b', state: 'RUNNING', reason: null },
    ]);
  });

  it('tells the last state of a guest that was paused and resumed within the step', () => {
    const samples = [sample('a', 'PAUSED'), sample('a', 'RUNNING')];
    expect(stateChanges(samples, [result('a'), result('a')])).toEqual([
      { guestId: 'a', state: 'RUNNING', reason: null },
    ]);
  });
});

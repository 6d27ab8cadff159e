import { describe, expect, it } from '@jest/globals';
import { UnrecoverableError } from 'bullmq';
import { DomainError } from '#contracts';
import { parseJobFailure, toJobFailure } from './job-failure.js';

describe('the failure of a job', () => {
  it('is tried again when something was away, and not when it would be the same again', () => {
    expect(toJobFailure(new DomainError('UNAVAILABLE', 'away'))).not.toBeInstanceOf(UnrecoverableError);
    expect(toJobFailure(new DomainError('BAD_INPUT', 'wrong'))).toBeInstanceOf(UnrecoverableError);
    const bug = new TypeError('a bug');
    expect(toJobFailure(bug)).toBe(bug);
  });

  it('keeps its code and message on the job', () => {
    const failure = toJobFailure(new DomainError('NOT_FOUND', 'guest: there is none'));
    expect(parseJobFailure(failure.message)).toEqual({ code: 'NOT_FOUND', reason: 'guest: there is none' });
    expect(parseJobFailure('out of thin air: x')).toEqual({ code: 'INTERNAL', reason: 'out of thin air: x' });
  });
});

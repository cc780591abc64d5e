import { describe, expect, it } from 'vitest';

import { FatalError, RetryAfterError } from './failures.js';

describe('the errors that steer retries', () => {
  it('marks a fatal error by a property that survives a copy of the class', () => {
    const error = new FatalError('no such branch', { code: 'UNKNOWN_REVISION', hint: 'fetch it', details: { base: 'x' } });
    expect({ ...error }).toEqual({ kbRetry: 'never', name: 'FatalError', code: 'UNKNOWN_REVISION', hint: 'fetch it', details: { base: 'x' } });
    expect(error).toBeInstanceOf(Error);
  });

  it('leaves out what was not given', () => {
    expect(Object.keys(new FatalError('x')).sort()).toEqual(['kbRetry', 'name']);
  });

  it('says when to try again, with a code of its own if need be', () => {
    expect(new RetryAfterError(1_500)).toMatchObject({ kbRetry: 1_500, code: 'RATE_LIMIT' });
    expect(new RetryAfterError(0, 'locked', { code: 'LOCKED' })).toMatchObject({ message: 'locked', code: 'LOCKED' });
    expect(() => new RetryAfterError(Number.NaN)).toThrow(RangeError);
    expect(() => new RetryAfterError(-1)).toThrow(RangeError);
  });

  it('keeps the cause', () => {
    const cause = new Error('below');
    expect(new FatalError('x', { cause }).cause).toBe(cause);
    expect(new RetryAfterError(1, 'x', { cause }).cause).toBe(cause);
  });
});

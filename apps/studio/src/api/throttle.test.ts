import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { throttle } from './throttle.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('something that is done no more often than so', () => {
  it('is done at once, and the last time is never lost', () => {
    const act = vi.fn();
    const { call } = throttle(act, 100);
    call();
    call();
    call();
    expect(act).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(100);
    expect(act).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(1_000);
    expect(act).toHaveBeenCalledTimes(2);
    call();
    expect(act).toHaveBeenCalledTimes(3);
  });

  it('is not done any more when it was stopped', () => {
    const act = vi.fn();
    const { call, stop } = throttle(act, 100);
    call();
    call();
    stop();
    vi.advanceTimersByTime(1_000);
    expect(act).toHaveBeenCalledTimes(1);
  });
});

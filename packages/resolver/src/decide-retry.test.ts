import type { RetryPolicy } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { backoffMs, decideRetry } from './decide-retry.js';

const policy: RetryPolicy = { max: 3, backoff: 'exponential', initialMs: 100, capMs: 1_000, jitter: false };
const failed = { attempt: 1, failuresBefore: 0, code: 'EXIT_CODE', retryable: true };
const at = { now: 5_000, random: 0.5 };

describe('decideRetry', () => {
  it('grants as many retries as the policy has', () => {
    const granted = [0, 1, 2, 3].map((failuresBefore) => decideRetry(policy, { ...failed, failuresBefore }, at) !== undefined);
    expect(granted).toEqual([true, true, true, false]);
  });

  it('says when, and which code it retries', () => {
    expect(decideRetry(policy, { ...failed, attempt: 4 }, at)).toEqual({ attempt: 5, dueAt: 5_100, code: 'EXIT_CODE' });
  });

  it('never retries what the handler called final', () => {
    expect(decideRetry(policy, { ...failed, retryable: false }, at)).toBeUndefined();
  });

  it('retries only the codes the policy names', () => {
    const only = { ...policy, on: ['RATE_LIMIT'] };
    expect(decideRetry(only, failed, at)).toBeUndefined();
    expect(decideRetry(only, { ...failed, code: 'RATE_LIMIT' }, at)).toBeDefined();
  });

  it("waits at least as long as the handler asked, past the policy's cap", () => {
    expect(decideRetry(policy, { ...failed, retryAfterMs: 60_000 }, at)?.dueAt).toBe(65_000);
  });
});

describe('backoffMs', () => {
  it.each([
    ['exponential', [100, 200, 400, 800, 1_000, 1_000]],
    ['linear', [100, 200, 300, 400, 500, 600]],
    ['constant', [100, 100, 100, 100, 100, 100]],
  ] as const)('grows %s up to the cap', (backoff, waits) => {
    expect([1, 2, 3, 4, 5, 6].map((n) => backoffMs({ ...policy, backoff }, n, 0))).toEqual(waits);
  });

  it('with jitter takes between half of the wait and all of it', () => {
    const jittered = { ...policy, jitter: true };
    expect([0, 0.5, 0.999_999].map((random) => backoffMs(jittered, 1, random))).toEqual([50, 75, 100]);
  });

  it('stays at the cap for a count whose power is beyond any number', () => {
    expect(backoffMs(policy, 5_000, 0)).toBe(1_000);
  });
});

import type { RetryDecision, RetryPolicy } from '@kb-labs/contracts';

export interface FailedTry {
  /** The number of the try that failed, from 1; the next one gets the number after it. */
  readonly attempt: number;
  /** How many tries failed before this one. Interrupted ones do not count. */
  readonly failuresBefore: number;
  readonly code: string;
  readonly retryable: boolean;
  /** The handler's own word, in milliseconds. It is waited for at least, even past the policy's cap. */
  readonly retryAfterMs?: number;
}

/** The next try, or `undefined` when there is none. `random` is in [0, 1). */
export function decideRetry(policy: RetryPolicy, failed: FailedTry, at: { now: number; random: number }): RetryDecision | undefined {
  if (!failed.retryable || failed.failuresBefore >= policy.max) return undefined;
  if (policy.on !== undefined && !policy.on.includes(failed.code)) return undefined;
  const waitMs = Math.max(backoffMs(policy, failed.failuresBefore + 1, at.random), failed.retryAfterMs ?? 0);
  return { attempt: failed.attempt + 1, dueAt: at.now + waitMs, code: failed.code };
}

/** The wait before the n-th retry, n from 1, in whole milliseconds. */
export function backoffMs(policy: RetryPolicy, n: number, random: number): number {
  const factor = { exponential: 2 ** (n - 1), linear: n, constant: 1 }[policy.backoff];
  const full = Math.min(policy.initialMs * factor, policy.capMs);
  return Math.round(policy.jitter ? full / 2 + (full / 2) * random : full);
}

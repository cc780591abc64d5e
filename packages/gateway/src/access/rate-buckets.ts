import type { Caller, Tier } from '@kb-labs/contracts';
import type { RouteName } from '@kb-labs/contracts/http';
import type { EngineDeps } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';

type RateLimits = EngineDeps['rateLimits'];
type Bucket = Parameters<RateLimits['take']>[1][number];

/** Routes that make a run of their own. */
const STARTS_RUN: ReadonlySet<string> = new Set<RouteName>(['startRun', 'rerunRun']);

/** Holds what may come in a minute, so that a minute's worth can come at once. */
export function perMinute(key: string, count: number): Bucket {
  return { key, capacity: count, perSecond: count / 60 };
}

/** What a request takes from: the tenant, the key, and for a start the runs of the tenant. */
export function bucketsOf({ tenant, keyId }: Caller, tier: Tier, route: string): Bucket[] {
  const { requestsPerMinute, requestsPerMinutePerKey, runsPerMinute } = tier;
  return [
    ...(requestsPerMinute === undefined ? [] : [perMinute(`requests/${tenant}`, requestsPerMinute)]),
    ...(requestsPerMinutePerKey === undefined ? [] : [perMinute(`requests/${tenant}/${keyId ?? 'loopback'}`, requestsPerMinutePerKey)]),
    ...(runsPerMinute === undefined || !STARTS_RUN.has(route) ? [] : [perMinute(`runs/${tenant}`, runsPerMinute)]),
  ];
}

/**
 * Takes one from each. Answers `RateLimit-Limit`, `-Remaining` and `-Reset` (seconds until nothing is missing), which speak of the
 * narrowest of them. Fails with `RATE_LIMITED`.
 */
export async function takeOne(rateLimits: RateLimits, buckets: readonly Bucket[]): Promise<Record<string, string>> {
  const narrowest = buckets.toSorted((a, b) => a.capacity - b.capacity)[0];
  if (narrowest === undefined) return {};
  const answer = await rateLimits.take(1, buckets);
  if (!answer.ok) throw rateLimited(answer.retryAfterMs);
  const remaining = Math.max(0, Math.floor(Math.min(answer.remaining, narrowest.capacity)));
  return {
    'RateLimit-Limit': String(narrowest.capacity),
    'RateLimit-Remaining': String(remaining),
    'RateLimit-Reset': String(Math.ceil((narrowest.capacity - remaining) / narrowest.perSecond)),
  };
}

export function rateLimited(retryAfterMs: number): AppError {
  return new AppError('RATE_LIMITED', { retryAfterMs: Math.ceil(retryAfterMs), seconds: Math.max(1, Math.ceil(retryAfterMs / 1_000)) });
}

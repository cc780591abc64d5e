import { type BucketLevel, hasEnough, problemOfBuckets, refill, refillMs, wholeTokens } from '@kb-labs/contracts';
import type { Bucket, RateAnswer, RateLimits } from '@kb-labs/ports';

import type { MemoryState } from './memory-state.js';

export function rateLimitsOf(state: MemoryState, known: Map<string, BucketLevel>): RateLimits {
  return {
    take(cost, buckets) {
      const wrong = problemOfBuckets(cost, buckets) !== undefined && !state.has('buckets are not checked');
      return wrong ? Promise.reject(Object.assign(new Error('a mistake of the caller'), { code: 'INTERNAL' })) : Promise.resolve(take(state, known, { cost, buckets }));
    },
  };
}

function take(state: MemoryState, known: Map<string, BucketLevel>, { cost, buckets }: { cost: number; buckets: readonly Bucket[] }): RateAnswer {
  const now = state.clock.now();
  const levels = buckets.map((bucket) => levelOf(state, known.get(bucket.key), bucket));
  const waits = buckets.map((bucket, index) => (hasEnough(levels[index] ?? 0, cost) ? 0 : Math.max(1, refillMs(levels[index] ?? 0, cost, bucket.perSecond))));
  const longest = Math.max(0, ...waits);
  const lacks = state.has('one bucket is enough') ? waits.every((wait) => wait > 0) && waits.length > 0 : longest > 0;
  for (const [index, bucket] of buckets.entries()) {
    if (!lacks || (state.has('a refused take is counted') && waits[index] === 0)) known.set(bucket.key, { tokens: Math.max(0, (levels[index] ?? 0) - cost), at: now });
  }
  if (!lacks) return { ok: true, remaining: wholeTokens(Math.min(Infinity, ...levels.map((tokens) => Math.max(0, tokens - cost)))) };
  const slowest = state.has('the first bucket that lacks is named') ? waits.findIndex((wait) => wait > 0) : waits.indexOf(longest);
  const wait = waits[slowest] ?? 0;
  return { ok: false, bucket: slowest, retryAfterMs: state.has('a wait for tokens is cut short') ? Math.ceil(wait * 0.9) : wait };
}

function levelOf(state: MemoryState, level: BucketLevel | undefined, bucket: Bucket): number {
  if (level === undefined && state.has('buckets are empty at first')) return 0;
  if (level !== undefined && state.has('buckets are not refilled')) return level.tokens;
  return refill(level, state.has('buckets overflow') && level !== undefined ? { ...bucket, capacity: Infinity } : bucket, state.clock.now());
}

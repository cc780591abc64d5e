import assert from 'node:assert/strict';

import type { Bucket } from '@kb-labs/ports';
import fc from 'fast-check';

import { rejectsWith } from './expectations.js';
import type { ConformanceCase, StoreUnderTest } from './suite.js';

const FIVE: Bucket = { key: 'five', capacity: 5, perSecond: 2 };

export const RATE_LIMITS_CASES: readonly ConformanceCase<StoreUnderTest>[] = [
  {
    name: 'takes from a bucket that is full at first until it has too little, and says when it has enough',
    async run({ rateLimits, clock }) {
      assert.deepEqual(await rateLimits.take(1, [FIVE]), { ok: true, remaining: 4 });
      assert.deepEqual(await rateLimits.take(3, [FIVE]), { ok: true, remaining: 1 });
      assert.deepEqual(await rateLimits.take(4, [FIVE]), { ok: false, bucket: 0, retryAfterMs: 1_500 });
      await clock.advance(1_499);
      assert.deepEqual(await rateLimits.take(4, [FIVE]), { ok: false, bucket: 0, retryAfterMs: 1 });
      await clock.advance(1);
      assert.deepEqual(await rateLimits.take(4, [FIVE]), { ok: true, remaining: 0 });
    },
  },
  {
    name: 'refills a bucket evenly, and never above what it holds',
    async run({ rateLimits, clock }) {
      await rateLimits.take(5, [FIVE]);
      await clock.advance(750);
      assert.deepEqual(await rateLimits.take(0, [FIVE]), { ok: true, remaining: 1 });
      await clock.advance(250);
      assert.deepEqual(await rateLimits.take(0, [FIVE]), { ok: true, remaining: 2 });
      await clock.advance(86_400_000);
      assert.deepEqual(await rateLimits.take(2, [FIVE]), { ok: true, remaining: 3 });
      assert.deepEqual(await rateLimits.take(1, [{ ...FIVE, capacity: 2 }]), { ok: true, remaining: 1 });
    },
  },
  {
    name: 'takes from all buckets or from none, and names the one that lacks the most time',
    async run({ rateLimits, clock }) {
      const [large, slow] = [{ key: 'large', capacity: 9, perSecond: 1 }, { key: 'slow', capacity: 2, perSecond: 0.1 }];
      assert.deepEqual(await rateLimits.take(2, [large, slow]), { ok: true, remaining: 0 });
      for (let again = 0; again < 3; again += 1) {
        assert.deepEqual(await rateLimits.take(1, [large, slow]), { ok: false, bucket: 1, retryAfterMs: 10_000 });
      }
      assert.deepEqual(await rateLimits.take(7, [large]), { ok: true, remaining: 0 });
      assert.deepEqual(await rateLimits.take(1, [large, slow]), { ok: false, bucket: 1, retryAfterMs: 10_000 });
      assert.deepEqual(await rateLimits.take(1, [slow, large]), { ok: false, bucket: 0, retryAfterMs: 10_000 });
      await clock.advance(10_000);
      assert.deepEqual(await rateLimits.take(1, [large, slow]), { ok: true, remaining: 0 });
      assert.deepEqual(await rateLimits.take(1, []), { ok: true, remaining: Number.POSITIVE_INFINITY });
    },
  },
  {
    name: 'counts what all processes take at once',
    async run(store) {
      const other = await store.second();
      const bucket = { key: 'shared', capacity: 10, perSecond: 0.001 };
      const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => (index % 2 === 0 ? store : other).rateLimits.take(1, [bucket])));
      assert.equal(answers.filter((answer) => answer.ok).length, 10);
    },
  },
  {
    name: 'has enough at the instant it named, whatever the sizes and rates',
    async run({ rateLimits, clock }) {
      let round = 0;
      const size = fc.record({ capacity: fc.double({ min: 1, max: 1_000, noNaN: true }), perSecond: fc.double({ min: 0.01, max: 1_000, noNaN: true }) });
      await fc.assert(
        fc.asyncProperty(size, fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 }), async (of, shares) => {
          const bucket = { key: `round ${String((round += 1))}`, ...of };
          for (const share of shares) {
            const first = await rateLimits.take(of.capacity * share, [bucket]);
            if (first.ok) continue;
            assert.ok(Number.isInteger(first.retryAfterMs) && first.retryAfterMs > 0);
            await clock.advance(first.retryAfterMs);
            assert.equal((await rateLimits.take(of.capacity * share, [bucket])).ok, true);
          }
        }),
        { numRuns: 30 },
      );
    },
  },
  {
    name: 'refuses what a bucket can never answer',
    async run({ rateLimits }) {
      for (const wrong of [{ capacity: 0 }, { perSecond: 0 }, { capacity: 0.5 }, { perSecond: -1 }, { capacity: Number.NaN }]) {
        await rejectsWith('INTERNAL', () => rateLimits.take(1, [{ ...FIVE, ...wrong }]));
      }
      await rejectsWith('INTERNAL', () => rateLimits.take(-1, [FIVE]));
      await rejectsWith('INTERNAL', () => rateLimits.take(1, [FIVE, FIVE]));
      assert.deepEqual(await rateLimits.take(0, [FIVE]), { ok: true, remaining: 5 });
    },
  },
];

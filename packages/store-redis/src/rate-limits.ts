import { problemOfBuckets, wholeTokens } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Bucket, RateAnswer, RateLimits } from '@kb-labs/ports';

import type { Keys } from './keys.js';
import type { Link } from './link.js';
import { TAKE_TOKENS } from './lua/take-tokens.js';

type Reply = readonly [1, string] | readonly [0, number, string];

export class RedisRateLimits implements RateLimits {
  readonly #link: Link;
  readonly #keys: Keys;

  constructor(link: Link, keys: Keys) {
    this.#link = link;
    this.#keys = keys;
  }

  async take(cost: number, buckets: readonly Bucket[]): Promise<RateAnswer> {
    const problem = problemOfBuckets(cost, buckets);
    if (problem !== undefined) throw new AppError('INTERNAL', { problem });
    if (buckets.length === 0) return { ok: true, remaining: Number.POSITIVE_INFINITY };
    const args = buckets.flatMap(({ key, capacity, perSecond }) => [key, capacity, perSecond]);
    return await this.#link.operate(async () => {
      const reply = (await this.#link.run(TAKE_TOKENS, [this.#keys.base], [this.#link.now, cost, ...args])) as Reply;
      return reply[0] === 1 ? { ok: true, remaining: wholeTokens(Number(reply[1])) } : { ok: false, bucket: reply[1], retryAfterMs: Number(reply[2]) };
    });
  }
}

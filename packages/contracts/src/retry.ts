import * as z from 'zod/mini';

import { durationSchema } from './duration-schema.js';
import { LIMITS } from './limits.js';

const backoffSchema = z.enum(['exponential', 'linear', 'constant']);

/** `retry:` as written. `max` counts the tries after the first one. */
export const retrySchema = z.strictObject({
  max: z.int().check(z.gte(0), z.lte(LIMITS.retries)),
  backoff: z.optional(backoffSchema),
  initial: z.optional(durationSchema),
  cap: z.optional(durationSchema),
  jitter: z.optional(z.boolean()),
  on: z.optional(z.array(z.string().check(z.minLength(1), z.maxLength(64))).check(z.minLength(1))),
});

export type Retry = z.infer<typeof retrySchema>;

/**
 * `retry:` as resolved. The n-th wait (n from 1) is `initialMs` times 2^(n-1), n or 1 by `backoff`, at most `capMs`;
 * `jitter` takes a random share between half of it and all of it. `on` limits retries to these error codes.
 */
export interface RetryPolicy {
  readonly max: number;
  readonly backoff: z.infer<typeof backoffSchema>;
  readonly initialMs: number;
  readonly capMs: number;
  readonly jitter: boolean;
  readonly on?: readonly string[];
}

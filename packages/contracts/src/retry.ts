import { z } from 'zod';

import { durationSchema } from './duration.js';
import { LIMITS } from './limits.js';

export const backoffSchema = z.enum(['exponential', 'linear', 'constant']);

/** `retry:` as written. `max` counts the tries after the first one. */
export const retrySchema = z.strictObject({
  max: z.int().min(0).max(LIMITS.retries),
  backoff: backoffSchema.optional(),
  initial: durationSchema.optional(),
  cap: durationSchema.optional(),
  jitter: z.boolean().optional(),
  on: z.array(z.string().min(1).max(64)).min(1).optional(),
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

import { isAbsolute } from 'node:path';

import { type JsonValue, INPUT_NAME, LIMITS } from '@kb-labs/contracts';
import * as z from 'zod/mini';

import { isBaseUrl } from './base-url.js';
import { isRedisUrl } from './redis-url.js';
import { LOG_LEVELS } from './line-logger.js';

const inside = z.string().check(
  z.minLength(1),
  z.refine((path) => !isAbsolute(path) && !path.split(/[\\/]/).includes('..'), { error: 'a folder of the project, relative to its root' }),
);

const jobsAtOnce = z.int().check(z.gte(1), z.lte(100_000));

/** `.kb/kb.config.yaml` as written. */
export const configSchema = z.strictObject({
  /** Folders with workflow documents, besides `.kb/workflows`. */
  workflows: z.optional(z.array(inside).check(z.maxLength(64))),
  /** Folders of the project's own plugins. */
  plugins: z.optional(z.array(inside).check(z.maxLength(64))),
  /** Values that expressions read as `vars`. */
  vars: z.optional(z.record(z.string().check(z.regex(INPUT_NAME)), z.json() as z.ZodMiniType<JsonValue>)),
  /** Jobs at once in one worker. */
  concurrency: z.optional(z.int().check(z.gte(1), z.lte(256))),
  /** How much the engine says about itself on standard error. */
  'log-level': z.optional(z.enum(LOG_LEVELS)),
  /** Where runs are kept; relative to the project. */
  'state-dir': z.optional(z.string().check(z.minLength(1))),
  /** Keeps runs in Redis, for any number of machines. */
  redis: z.optional(
    z.strictObject({
      url: z.optional(z.string().check(z.refine(isRedisUrl, { error: 'an address such as redis://redis.example.com:6379' }))),
      prefix: z.optional(z.string().check(z.regex(/^[A-Za-z0-9_.-]{1,64}$/))),
      'allow-volatile': z.optional(z.boolean()),
    }),
  ),
  limits: z.optional(
    z.strictObject({
      /** Combinations of one matrix. */
      matrix: z.optional(z.int().check(z.gte(LIMITS.matrixCombinations), z.lte(LIMITS.jobsAfterMatrix))),
      /** Jobs that run at once, in all workers together, and of them of one tenant. */
      'running-jobs': z.optional(jobsAtOnce),
      'running-jobs-per-tenant': z.optional(jobsAtOnce),
    }),
  ),
  /** Where this installation is reached: addresses that call a run back begin with it. */
  url: z.optional(z.string().check(z.refine(isBaseUrl, { error: 'an address such as https://kb.example.com, without a query' }))),
});

export type WrittenConfig = z.infer<typeof configSchema>;

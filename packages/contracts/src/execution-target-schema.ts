import * as z from 'zod/mini';

import { TARGET_MODES } from './execution-target.js';
import { sizeSchema } from './size-schema.js';

/**
 * `execution-target:` as written. `image` may hold expressions over `inputs`, `matrix` and `vars`; it belongs to `container` and
 * is the configured one when left out. `sandbox` belongs to `subprocess`. Limits hold in both; `memory` is at least `LIMITS.targetMemoryMinBytes`.
 */
export const executionTargetSchema = z.strictObject({
  mode: z.enum(TARGET_MODES),
  image: z.optional(z.string().check(z.minLength(1), z.maxLength(1_024))),
  sandbox: z.optional(z.boolean()),
  memory: z.optional(sizeSchema),
  cpus: z.optional(z.number().check(z.gte(0.1), z.lte(256))),
  pids: z.optional(z.int().check(z.gte(8), z.lte(32_768))),
});
export type ExecutionTarget = z.infer<typeof executionTargetSchema>;

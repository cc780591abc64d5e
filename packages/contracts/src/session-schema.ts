import * as z from 'zod/mini';

import { LIMITS } from './limits.js';
import { WORKFLOW_ID } from './names.js';

const metadata = z.record(z.string(), z.json());

/** What a session is asked to do next. */
export const submitInputSchema = z.strictObject({
  workflow_id: z.string().check(z.regex(WORKFLOW_ID)),
  inputs: z.optional(metadata),
  metadata: z.optional(metadata),
  idempotency_key: z.optional(z.string().check(z.minLength(1), z.maxLength(LIMITS.idempotencyKeyLength))),
});
export type SubmitInputRequest = z.infer<typeof submitInputSchema>;

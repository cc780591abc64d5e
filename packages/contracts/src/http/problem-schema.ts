import * as z from 'zod/mini';

import { jsonObject } from './schema-of.js';

/** The body of every answer that is none of those a route promises (RFC 9457). */
export const problemSchema = z.strictObject({
  status: z.int(),
  code: z.string(),
  message: z.string(),
  hint: z.exactOptional(z.string()),
  details: z.exactOptional(jsonObject),
});

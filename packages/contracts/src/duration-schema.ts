import * as z from 'zod/mini';

import { DURATION_TEXT } from './duration.js';

export const durationSchema = z
  .union([z.number().check(z.nonnegative()), z.string().check(z.regex(DURATION_TEXT))], {
    error: 'a duration is "500ms", "30s", "10m", "2h", or a number of seconds',
  })
  .register(z.globalRegistry, { description: 'A duration: 500ms, 30s, 10m, 2h, or a number of seconds' });

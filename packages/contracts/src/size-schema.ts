import * as z from 'zod/mini';

import { SIZE } from './size.js';

/** A size as written. */
export const sizeSchema = z.union([z.int().check(z.gte(0)), z.string().check(z.regex(SIZE, { error: 'a size is a number of bytes, or such as 512MiB or 1.5GiB' }))]);

import * as z from 'zod/mini';

import { SECRET_NAME } from './names.js';

const pattern = z.string().check(z.minLength(1), z.maxLength(256));

/**
 * What code may touch. An allow-list: what is not named is denied.
 *
 * - `shell`: start programs (`run:` steps, `ctx.exec`). `true`, or the program names allowed.
 * - `network`: host names `ctx.fetch` may reach; `*.example.com` covers every sub-domain.
 * - `fs`: globs relative to the workspace that `ctx.fs` may read and write.
 * - `env`: names of the engine's environment variables the code may see.
 */
export const permissionsSchema = z.strictObject({
  shell: z.optional(z.union([z.boolean(), z.array(pattern)])),
  network: z.optional(z.array(pattern)),
  fs: z.optional(z.strictObject({ read: z.optional(z.array(pattern)), write: z.optional(z.array(pattern)) })),
  env: z.optional(z.array(pattern)),
});

/** Of a command; a document says by `secrets:` which of them its steps may have. `secrets`: names that `ctx.secrets` gives. */
export const pluginPermissionsSchema = z.extend(permissionsSchema, { secrets: z.optional(z.array(z.string().check(z.regex(SECRET_NAME)))) });

export type Permissions = z.infer<typeof pluginPermissionsSchema>;

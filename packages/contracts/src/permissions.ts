import { z } from 'zod';

const pattern = z.string().min(1).max(256);

/**
 * What code may touch. An allow-list: what is not named is denied.
 *
 * - `shell`: start programs (`run:` steps, `ctx.exec`). `true`, or the program names allowed.
 * - `network`: host names `ctx.fetch` may reach; `*.example.com` covers every sub-domain.
 * - `fs`: globs relative to the workspace that `ctx.fs` may read and write.
 * - `env`: names of the engine's environment variables the code may see.
 */
export const permissionsSchema = z.strictObject({
  shell: z.union([z.boolean(), z.array(pattern)]).optional(),
  network: z.array(pattern).optional(),
  fs: z.strictObject({ read: z.array(pattern).optional(), write: z.array(pattern).optional() }).optional(),
  env: z.array(pattern).optional(),
});

export type Permissions = z.infer<typeof permissionsSchema>;

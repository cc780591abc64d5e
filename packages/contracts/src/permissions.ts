import * as z from 'zod/mini';

import { SECRET_NAME } from './names.js';
import { sizeSchema } from './size-schema.js';

const pattern = z.string().check(z.minLength(1), z.maxLength(256));

const count = z.int().check(z.gte(0), z.lte(1_000_000));

/**
 * - `requests`: of `ctx.fetch` and `ctx.connect`, redirects not counted.
 * - `programs`: starts by `ctx.exec`.
 * - `llm-calls`, `llm-tokens`: of `ctx.llm`; tokens of prompts and answers together, refused from the call on that finds none left.
 * - `storage`: what the plugin keeps in `ctx.storage`, in all.
 */
const quotasSchema = z.strictObject({
  requests: z.optional(count),
  programs: z.optional(count),
  'llm-calls': z.optional(count),
  'llm-tokens': z.optional(z.int().check(z.gte(0), z.lte(1_000_000_000))),
  storage: z.optional(sizeSchema),
});
export type Quotas = z.infer<typeof quotasSchema>;

/**
 * What code may touch. An allow-list: what is not named is denied.
 *
 * - `shell`: start programs (`run:` steps, `ctx.exec`). `true`, or the program names allowed.
 * - `network`: host names `ctx.fetch` may reach; `*.example.com` covers every sub-domain.
 * - `fs`: globs relative to the workspace that `ctx.fs` may read and write.
 * - `env`: names of the engine's environment variables the code may see.
 * - `services`: what the engine offers beside these: `llm` for `ctx.llm`, `storage` for `ctx.storage`.
 * - `quotas`: how much of it one step may use. Of two numbers the smaller one holds.
 */
export const permissionsSchema = z.strictObject({
  shell: z.optional(z.union([z.boolean(), z.array(pattern)])),
  network: z.optional(z.array(pattern)),
  fs: z.optional(z.strictObject({ read: z.optional(z.array(pattern)), write: z.optional(z.array(pattern)) })),
  env: z.optional(z.array(pattern)),
  services: z.optional(z.array(z.enum(['llm', 'storage']))),
  quotas: z.optional(quotasSchema),
});
export type Service = 'llm' | 'storage';

/** Of a command; a document says by `secrets:` which of them its steps may have. `secrets`: names that `ctx.secrets` gives. */
export const pluginPermissionsSchema = z.extend(permissionsSchema, { secrets: z.optional(z.array(z.string().check(z.regex(SECRET_NAME)))) });

export type Permissions = z.infer<typeof pluginPermissionsSchema>;

import * as z from 'zod/mini';

import { pluginPermissionsSchema } from './permissions.js';

/** The version of the built plugin manifest. */
export const PLUGIN_MANIFEST_SCHEMA = 1;

/** `group:command`, lower case. */
export const commandIdSchema = z.string().check(
  z.regex(/^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*$/, { error: 'a command id is "group:command" in lower case' }),
);

/** A JSON Schema (draft 2020-12) as data. */
const jsonSchema = z.record(z.string(), z.json());

export const pluginCommandSchema = z.strictObject({
  id: commandIdSchema,
  describe: z.string().check(z.minLength(1), z.maxLength(1_024)),
  input: jsonSchema,
  output: jsonSchema,
  permissions: pluginPermissionsSchema,
  /** `<path relative to the manifest>#<export>`. */
  handler: z.string().check(z.regex(/^\.\/[^#]+#[A-Za-z_$][\w$]*$/)),
  examples: z.optional(z.array(z.string())),
});
export type PluginCommand = z.infer<typeof pluginCommandSchema>;

/** What a plugin package ships beside its code: `kb.plugin.json`, named by the `kb.plugin` field of its package.json. */
export const pluginManifestSchema = z.strictObject({
  schema: z.literal(PLUGIN_MANIFEST_SCHEMA),
  id: z.string().check(z.minLength(1), z.maxLength(214)),
  version: z.string().check(z.minLength(1), z.maxLength(64)),
  describe: z.optional(z.string().check(z.maxLength(1_024))),
  commands: z.array(pluginCommandSchema).check(z.minLength(1), z.maxLength(256)),
});
export type PluginManifest = z.infer<typeof pluginManifestSchema>;

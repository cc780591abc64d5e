import { z } from 'zod';

import type { JsonValue } from './json.js';
import { permissionsSchema } from './permissions.js';
import { commandIdSchema } from './uses.js';

/** The version of the built plugin manifest. */
export const PLUGIN_MANIFEST_SCHEMA = 1;

/** A JSON Schema (draft 2020-12) as data. */
const jsonSchema = z.record(z.string(), z.json() as z.ZodType<JsonValue>);

export const pluginCommandSchema = z.strictObject({
  id: commandIdSchema,
  describe: z.string().min(1).max(1_024),
  input: jsonSchema,
  output: jsonSchema,
  permissions: permissionsSchema,
  /** `<path relative to the manifest>#<export>`. */
  handler: z.string().regex(/^\.\/[^#]+#[A-Za-z_$][\w$]*$/),
  examples: z.array(z.string()).optional(),
});
export type PluginCommand = z.infer<typeof pluginCommandSchema>;

/** What a plugin package ships beside its code: `kb.plugin.json`, named by the `kb.plugin` field of its package.json. */
export const pluginManifestSchema = z.strictObject({
  schema: z.literal(PLUGIN_MANIFEST_SCHEMA),
  id: z.string().min(1).max(214),
  version: z.string().min(1).max(64),
  describe: z.string().max(1_024).optional(),
  commands: z.array(pluginCommandSchema).min(1).max(256),
});
export type PluginManifest = z.infer<typeof pluginManifestSchema>;

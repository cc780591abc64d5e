import * as z from 'zod/mini';

import { pluginPermissionsSchema } from './permissions.js';
import { commandIdSchema } from './plugin.js';

export const PLUGINS_LOCK_SCHEMA = 1;

/** What npm accepts as the name of a new package, but for what a command line would take for an option. */
export const PACKAGE_NAME = /^(?=.{1,214}$)(?:@[a-z0-9~][a-z0-9._~-]*\/)?[a-z0-9~][a-z0-9._~-]*$/;

/**
 * - `source`: `package` for what is installed in `node_modules` of the project or of a folder above it; else the folder, relative
 *   to the project, from `./` or `../` on.
 * - `integrity`: `sha256-` and base64, over the files of the package.
 * - `permissions`: what was granted, for each command.
 * - `trusted`: may run in the process of the engine.
 */
const lockedPluginSchema = z.strictObject({
  version: z.string().check(z.minLength(1), z.maxLength(64)),
  source: z.string().check(z.maxLength(1_024), z.regex(/^(?:package|\.{1,2}\/[^\0]*)$/, { error: '"package", or a path that starts with "./" or "../"' })),
  integrity: z.string().check(z.regex(/^sha256-[A-Za-z0-9+/]{43}=$/, { error: '"sha256-" and a digest in base64' })),
  permissions: z.record(commandIdSchema, pluginPermissionsSchema),
  trusted: z.boolean(),
});
export type LockedPlugin = z.infer<typeof lockedPluginSchema>;

/** `.kb/plugins.lock`: the packages that may run as plugins of a project, by name, as they were when somebody agreed to them. */
export const pluginsLockSchema = z.strictObject({
  schema: z.literal(PLUGINS_LOCK_SCHEMA),
  plugins: z.record(z.string().check(z.regex(PACKAGE_NAME, { error: 'not the name of a package' })), lockedPluginSchema),
});
export type PluginsLock = z.infer<typeof pluginsLockSchema>;

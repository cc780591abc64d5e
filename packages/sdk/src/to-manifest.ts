import { type JsonObject, PLUGIN_MANIFEST_SCHEMA, type PluginManifest, pluginManifestSchema } from '@kb-labs/contracts';
import { z } from 'zod';

import type { CommandDefinition, PluginDefinition } from './define-plugin.js';

/**
 * The manifest of a plugin: its schemas as JSON Schema (draft 2020-12), all objects closed.
 * Throws when something is missing, two commands share an id, or a schema holds what JSON Schema cannot say: a
 * transform, a custom check, a type that JSON has not.
 */
export function toManifest(plugin: PluginDefinition): PluginManifest {
  const manifest = pluginManifestSchema.safeParse({
    schema: PLUGIN_MANIFEST_SCHEMA,
    id: plugin.id,
    version: plugin.version,
    ...(plugin.describe === undefined ? {} : { describe: plugin.describe }),
    commands: plugin.commands.map(toCommand),
  });
  if (!manifest.success) throw new Error(`plugin ${plugin.id}: ${z.prettifyError(manifest.error)}`);
  refuseDoubles(plugin);
  return manifest.data;
}

function toCommand(command: CommandDefinition): object {
  return {
    id: command.id,
    describe: command.describe,
    input: toJsonSchema(command.input, `${command.id} input`),
    output: toJsonSchema(command.output, `${command.id} output`),
    permissions: command.permissions,
    handler: command.handler,
    ...(command.examples === undefined ? {} : { examples: [...command.examples] }),
  };
}

/**
 * As it is sent in: a key with a default may be left out, and whoever checks the value fills it in. The schema is made
 * for both directions because each of them alone lets some transforms pass.
 */
function toJsonSchema(schema: z.ZodObject, place: string): JsonObject {
  try {
    z.toJSONSchema(schema, { io: 'output', override: refuseUnsaid });
    return z.toJSONSchema(schema, { io: 'input', override: closeObject }) as JsonObject;
  } catch (error) {
    throw new Error(`${place}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

interface Conversion {
  readonly zodSchema: z.core.$ZodTypes;
  readonly jsonSchema: z.core.JSONSchema.BaseSchema;
}

/** What JSON Schema would drop without a word: whoever checks a value by the manifest could not do it. */
function refuseUnsaid({ zodSchema }: Conversion): void {
  const { def } = zodSchema._zod;
  if (def.checks?.some((check) => check._zod.def.check === 'custom') === true) {
    throw new Error('a custom check cannot be written as JSON Schema: make it in the handler');
  }
  if ('coerce' in def && def.coerce === true) {
    throw new Error('a value cannot be coerced by JSON Schema: declare the type that is sent');
  }
  if (def.type === 'pipe' || def.type === 'catch') {
    throw new Error(`a value cannot be changed by JSON Schema: ${def.type === 'pipe' ? 'transform it' : 'replace it'} in the handler`);
  }
  if (def.type === 'intersection') {
    throw new Error('the closed sides of an intersection refuse each other: use one object, made with extend()');
  }
}

function closeObject({ zodSchema, jsonSchema }: Conversion): void {
  if (zodSchema._zod.def.type === 'object') jsonSchema.additionalProperties ??= false;
}

function refuseDoubles(plugin: PluginDefinition): void {
  const seen = new Set<string>();
  for (const { id } of plugin.commands) {
    if (seen.has(id)) throw new Error(`plugin ${plugin.id}: two commands are called ${id}`);
    seen.add(id);
  }
}

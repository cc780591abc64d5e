import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { type PluginCommand, type PluginManifest, PLUGIN_MANIFEST_SCHEMA } from '@kb-labs/contracts';

export interface PackageOptions {
  readonly name?: string;
  readonly version?: string;
  readonly commands?: readonly Partial<PluginCommand>[];
  /** Files beside the manifest, by path: handlers. */
  readonly files?: Readonly<Record<string, string>>;
  /** In place of the manifest. */
  readonly manifest?: string;
  /** In place of the package.json. */
  readonly described?: string;
}

const COMMAND: PluginCommand = {
  id: 'greet:person',
  describe: 'Says hello.',
  input: { type: 'object', properties: { name: { type: 'string' }, loud: { type: 'boolean', default: false } }, required: ['name'], additionalProperties: false },
  output: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'], additionalProperties: false },
  permissions: {},
  handler: './greet/person.js#default',
};

/** Writes a built plugin package as its author would publish it. */
export function writePlugin(root: string, options: PackageOptions = {}): string {
  const { name = '@acme/greet', version = '1.2.3', commands = [{}] } = options;
  const manifest: PluginManifest = { schema: PLUGIN_MANIFEST_SCHEMA, id: name, version, commands: commands.map((command) => ({ ...COMMAND, ...command })) };
  const files = {
    'package.json': options.described ?? JSON.stringify({ name, version, type: 'module', kb: { plugin: './dist/kb.plugin.json' } }),
    'dist/kb.plugin.json': options.manifest ?? JSON.stringify(manifest),
    'dist/greet/person.js': 'export default async ({ name, loud }) => ({ text: loud ? name.toUpperCase() : name });',
    ...options.files,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

import { access, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { PluginManifest } from '@kb-labs/contracts';

import type { PluginDefinition } from './define-plugin.js';
import { toManifest } from './to-manifest.js';

/**
 * Writes `kb.plugin.json` of the plugin package at `root` and returns its path. The package.json says where:
 * `"kb": { "plugin": "./dist/kb.plugin.json" }`; the built `plugin.js` beside it is imported for its default export,
 * and every handler for the function it names. Throws when identity, version or a handler does not fit.
 */
export async function writeManifest(root: string): Promise<string> {
  const described = await readPackage(root);
  const file = resolve(root, described.manifest);
  const folder = dirname(file);
  const manifest = toManifest(await importPlugin(join(folder, 'plugin.js')));
  if (manifest.id !== described.name || manifest.version !== described.version) {
    throw new Error(
      `the plugin calls itself ${manifest.id} ${manifest.version}, its package.json ${described.name} ${described.version}`,
    );
  }
  for (const command of manifest.commands) await checkHandler(folder, command);
  const draft = `${file}.${String(process.pid)}.tmp`;
  await writeFile(draft, `${JSON.stringify(manifest, null, 2)}\n`);
  await rename(draft, file);
  return file;
}

async function readPackage(root: string): Promise<{ name: unknown; version: unknown; manifest: string }> {
  const file = join(root, 'package.json');
  const described: unknown = JSON.parse(await readFile(file, 'utf8'));
  const manifest = property(property(described, 'kb'), 'plugin');
  if (typeof manifest !== 'string') throw new Error(`${file} does not say where the manifest goes: "kb": { "plugin": "./dist/kb.plugin.json" }`);
  return { name: property(described, 'name'), version: property(described, 'version'), manifest };
}

async function importPlugin(file: string): Promise<PluginDefinition> {
  const plugin = property(await import(pathToFileURL(file).href), 'default');
  if (!Array.isArray(property(plugin, 'commands'))) throw new Error(`${file} has no default export made by definePlugin`);
  return plugin as PluginDefinition;
}

async function checkHandler(folder: string, command: PluginManifest['commands'][number]): Promise<void> {
  const [path = '', name = ''] = command.handler.split('#');
  const file = join(folder, path);
  await access(file).catch(() => {
    throw new Error(`the handler of ${command.id} is not there: ${path}`);
  });
  if (typeof property(await import(pathToFileURL(file).href), name) !== 'function') {
    throw new Error(`the handler of ${command.id} is not a function: ${command.handler}`);
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

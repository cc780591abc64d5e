import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';

import { type PluginManifest, pluginManifestSchema } from '@kb-labs/contracts';
import { messageOf } from '@kb-labs/errors';
import type { InstalledPlugin } from '@kb-labs/ports';

const MANIFEST_BYTES = 4 * 1024 * 1024;

export type Origin = InstalledPlugin['origin'];

/** A folder that may hold a plugin, as far as its package.json tells. */
export interface PluginFolder {
  readonly root: string;
  readonly origin: Origin;
  /** The package's name; `undefined` with a problem. */
  readonly name: string | undefined;
  readonly manifestFile: string | undefined;
  readonly problem: string | undefined;
}

export interface LoadedPlugin {
  readonly installed: InstalledPlugin;
  /** As `installed` says: it may run in this process. */
  readonly trusted: boolean;
  /** Of the files that were checked; absent for what no lock speaks of and nobody has pinned: first-party plugins and folders of the project. */
  readonly integrity?: string;
  /** When a file of what no lock speaks of was last written to, in ms since the epoch; there with its integrity. */
  readonly changedAtMs?: number;
  /** Handlers are named relative to this folder, and stay inside `root`. */
  readonly folder: string;
  readonly root: string;
}

export type ReadPlugin =
  | { readonly ok: true; readonly plugin: LoadedPlugin }
  | {
      readonly ok: false;
      readonly problem: string;
      /** `PLUGIN_INVALID` when left out. */
      readonly code?: 'UNKNOWN_PLUGIN' | 'PLUGIN_CHANGED' | 'PLUGINS_LOCK_INVALID';
      readonly hint?: string;
    };

/** Reads the package.json of a folder. What is wrong with it is a value. */
export async function readPluginFolder(root: string, origin: Origin): Promise<PluginFolder> {
  const described = await readJson(join(root, 'package.json'));
  if (!described.ok) return { root, origin, name: undefined, manifestFile: undefined, problem: described.problem };
  const name = property(described.value, 'name');
  const manifest = property(property(described.value, 'kb'), 'plugin');
  if (typeof name !== 'string') return { root, origin, name: undefined, manifestFile: undefined, problem: 'its package.json has no name' };
  if (typeof manifest !== 'string') return { root, origin, name, manifestFile: undefined, problem: 'its package.json names no manifest: "kb": { "plugin": "./dist/kb.plugin.json" }' };
  const manifestFile = resolve(root, manifest);
  if (!manifestFile.startsWith(resolve(root) + sep)) return { root, origin, name, manifestFile: undefined, problem: 'its manifest is outside of the package' };
  return { root, origin, name, manifestFile, problem: undefined };
}

/** Reads the manifest of a folder and checks it. */
export async function readPlugin(folder: PluginFolder): Promise<ReadPlugin> {
  const { manifestFile, name, origin, root } = folder;
  if (manifestFile === undefined || name === undefined) return { ok: false, problem: folder.problem ?? 'it has no manifest' };
  const read = await readJson(manifestFile);
  if (!read.ok) return { ok: false, problem: read.isMissing ? `its manifest ${manifestFile} is not there: build the plugin` : read.problem };
  const manifest = checkManifest(read.value);
  if (typeof manifest === 'string') return { ok: false, problem: manifest };
  if (manifest.id !== name) return { ok: false, problem: `its manifest calls it ${manifest.id}` };
  const { id, version, describe, commands } = manifest;
  const twice = commands.find((command, index) => commands.findIndex((other) => other.id === command.id) !== index);
  if (twice !== undefined) return { ok: false, problem: `it has two commands ${twice.id}` };
  const trusted = origin !== 'added';
  const installed = { id, version, origin, trusted, ...(describe === undefined ? {} : { describe }), commands };
  return { ok: true, plugin: { installed, trusted, folder: dirname(manifestFile), root: resolve(root) } };
}

/** The error of an invalid plugin in the words of the register. */
export function invalidPlugin(plugin: string, problem: string): { ok: false; code: 'PLUGIN_INVALID'; message: string } {
  return { ok: false, code: 'PLUGIN_INVALID', message: messageOf('PLUGIN_INVALID', { plugin, problem }) };
}

function checkManifest(value: unknown): PluginManifest | string {
  try {
    const checked = pluginManifestSchema.safeParse(value);
    if (checked.success) return checked.data;
    const [issue] = checked.error.issues;
    return `its manifest does not fit at ${issue?.path.join('.') || 'its root'}: ${issue?.message ?? 'unknown problem'}`;
  } catch (error) {
    // Nesting can be deeper than the check's own stack.
    return `its manifest cannot be checked: ${error instanceof Error ? error.message : String(error)}`;
  }
}

type ReadJson = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string; readonly isMissing: boolean };

async function readJson(file: string): Promise<ReadJson> {
  try {
    if ((await stat(file)).size > MANIFEST_BYTES) return { ok: false, problem: `${file} is larger than ${String(MANIFEST_BYTES)} bytes`, isMissing: false };
    return { ok: true, value: JSON.parse(await readFile(file, 'utf8')) };
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return { ok: false, problem: `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, isMissing };
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

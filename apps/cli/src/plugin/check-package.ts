import { existsSync, readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';

import { type JsonObject, PACKAGE_NAME, type Permissions, type PluginCommand } from '@kb-labs/contracts';
import { findProblem, type LoadedPlugin, readAdded, readPluginFolder, sealPackage } from '@kb-labs/plugin-host/lifecycle';

import { type LoadedCode, loadPluginCode } from './load-plugin-code.js';

/** `place` is a file of the package, with what in it is meant. */
interface PackageProblem {
  readonly severity: 'error' | 'warning';
  readonly place: string;
  readonly problem: string;
  readonly hint: string;
}

export interface CheckedPackage {
  readonly plugin?: { readonly id: string; readonly version: string; readonly commands: readonly string[] };
  readonly problems: readonly PackageProblem[];
}

const BUILD = 'build the plugin: "kb-plugin-manifest" is the last step of its build';

/** A plugin package as its author would want it to be. `runs`: its code may be loaded, in a process of its own. */
export async function checkPackage(root: string, { runs, env }: { runs: boolean; env: Readonly<Record<string, string | undefined>> }): Promise<CheckedPackage> {
  const folder = await readPluginFolder(root, 'project');
  if (folder.name === undefined) return { problems: [error('package.json', folder.problem ?? 'it has no name', 'a plugin is a package: give it a package.json with a name and a version')] };
  const described = readDescribed(root);
  const problems = [...checkDescribed(root, described), ...checkReadme(root, described)];
  const sealed = await sealPackage(root);
  if (!sealed.ok) problems.push(error('.', sealed.problem, 'such a package cannot be added to a project'));
  if (folder.manifestFile === undefined) return { problems: [...problems, error('package.json: kb.plugin', folder.problem ?? 'it names no manifest', 'write "kb": { "plugin": "./dist/kb.plugin.json" }')] };
  const place = relative(root, folder.manifestFile);
  const read = await readAdded(folder.name, folder);
  if (!read.ok) return { problems: [...problems, error(place, read.problem, BUILD)] };
  const { installed } = read.plugin;
  if (installed.version !== described['version']) problems.push(error(place, `it says version ${installed.version}, and package.json ${String(described['version'])}`, 'give both the same, and build the plugin'));
  problems.push(...installed.commands.flatMap((command) => checkCommand(command, place)));
  problems.push(...(runs ? await checkCode(read.plugin, { root, place, env }) : [warning('.', 'its code was not loaded: it is not trusted', 'this is all that can be said without running it')]));
  problems.push(...(await checkAge(root, folder.manifestFile)));
  return { plugin: { id: installed.id, version: installed.version, commands: installed.commands.map(({ id }) => id) }, problems };
}

function readDescribed(root: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
}

/** Semantic Versioning 2.0.0, without what stands behind a plus. */
const VERSION = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;

function checkDescribed(root: string, described: Readonly<Record<string, unknown>>): PackageProblem[] {
  const { name, version, type, files, license, kb, private: isPrivate } = described;
  const problems: PackageProblem[] = [];
  if (!PACKAGE_NAME.test(String(name))) problems.push(error('package.json: name', `"${String(name)}" cannot be published`, 'small letters, digits, ".", "_" and "-", such as @acme/text-plugin'));
  if (!VERSION.test(String(version))) problems.push(error('package.json: version', `"${String(version)}" is no version`, 'write one such as 1.0.0'));
  if (type !== 'module') problems.push(warning('package.json: type', 'it is not "module"', 'handlers are imported as modules of ECMAScript: set it, or name them .mjs'));
  if (typeof license !== 'string' && isPrivate !== true) problems.push(warning('package.json: license', 'it is missing', 'say under which conditions others may use it'));
  const manifest = typeof kb === 'object' && kb !== null && 'plugin' in kb ? String(kb.plugin) : undefined;
  if (manifest !== undefined && Array.isArray(files) && !files.some((entry) => covers(root, String(entry), manifest))) {
    problems.push(error('package.json: files', `${manifest} is not among them`, 'list the folder that is built, such as "dist": what is not listed is not published'));
  }
  return problems;
}

function covers(root: string, entry: string, file: string): boolean {
  const listed = resolve(root, entry.replace(/\/?\*.*$/, ''));
  const target = resolve(root, file);
  return target === listed || target.startsWith(listed + sep);
}

function checkReadme(root: string, { private: isPrivate }: Readonly<Record<string, unknown>>): PackageProblem[] {
  if (existsSync(join(root, 'README.md'))) return [];
  return [(isPrivate === true ? warning : error)('README.md', 'it is missing', 'say what its commands do and what they may touch')];
}

function checkCommand(command: PluginCommand, place: string): PackageProblem[] {
  const at = `${place}: ${command.id}`;
  return [...checkSchema(command.input, `${at} input`), ...checkSchema(command.output, `${at} output`), ...checkPermissions(command.permissions, `${at} permissions`)];
}

function checkSchema(schema: JsonObject, place: string): PackageProblem[] {
  try {
    findProblem(schema, {});
  } catch (thrown) {
    return [error(place, `it is no JSON Schema: ${messageOf(thrown)}`, BUILD)];
  }
  return schema['type'] === 'object' ? [] : [error(place, 'it is no object', 'inputs and outputs of a command are objects')];
}

function checkPermissions({ shell, network = [], fs = {}, env = [] }: Permissions, place: string): PackageProblem[] {
  const problems: PackageProblem[] = [];
  if (shell === true) problems.push(warning(place, 'shell: it may start any program', 'list the programs it starts, such as shell: ["git"]'));
  if (network.includes('*')) problems.push(warning(place, 'network: it may reach any host', 'list the hosts it needs'));
  for (const host of network) {
    if (!/^(?:\*|(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|\[?[0-9A-Fa-f:.]+\]?)$/.test(host)) problems.push(error(place, `network: "${host}" is no name of a host`, 'a host is written without scheme, port and path, such as api.example.com or *.example.com'));
  }
  for (const glob of [...(fs.read ?? []), ...(fs.write ?? [])]) {
    if (glob.startsWith('/') || glob.split('/').includes('..')) problems.push(error(place, `fs: "${glob}" can never fit`, 'patterns are relative to the workspace, and stay inside'));
  }
  if (fs.write?.includes('**') === true) problems.push(warning(place, 'fs.write: it may write any file of the workspace', 'name the folders it writes to'));
  for (const name of env) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) problems.push(error(place, `env: "${name}" is no name of a variable`, 'names are written out, without patterns'));
  }
  return problems;
}

async function checkCode({ installed, folder }: LoadedPlugin, { root, place, env }: { root: string; place: string; env: Readonly<Record<string, string | undefined>> }): Promise<PackageProblem[]> {
  const definitions = ['src/plugin.ts', relative(root, join(folder, 'plugin.js'))];
  const loaded = await loadPluginCode({ root, env, definitions, handlers: installed.commands.map(({ id, handler }) => [id, resolve(folder, handler.split('#')[0] ?? ''), handler.split('#')[1] ?? '']) });
  if ('problem' in loaded) return [error('.', loaded.problem, 'loading the code of a plugin must neither end the process nor take long')];
  return [
    ...Object.entries(loaded.handlers).flatMap(([id, problem]) => (problem === null ? [] : [error(`${place}: ${id} handler`, problem, 'a handler is the export that the command names: a function')])),
    ...checkFresh(loaded, { manifest: { id: installed.id, version: installed.version, describe: installed.describe, commands: installed.commands }, place }),
  ];
}

function checkFresh({ definition }: LoadedCode, { manifest, place }: { manifest: object; place: string }): PackageProblem[] {
  switch (definition.kind) {
    case 'none':
      return [warning(place, `it could not be compared with what it is made of: ${definition.problem}`, 'install the packages of the plugin and build it')];
    case 'problem':
      return [error(definition.file, definition.problem, 'correct it, and build the plugin')];
    case 'manifest': {
      const { schema: _, ...made } = definition.manifest;
      return sameJson(made, manifest) ? [] : [error(place, `it is not what ${definition.file} says: ${difference(made, manifest)}`, BUILD)];
    }
  }
}

function difference(made: Readonly<Record<string, unknown>>, built: object): string {
  const commandsOf = (value: unknown): Map<string, unknown> => new Map((Array.isArray(value) ? (value as { id: string }[]) : []).map((command) => [command.id, command]));
  const now = commandsOf(made['commands']);
  const then = commandsOf((built as Record<string, unknown>)['commands']);
  const others = [...new Set([...now.keys(), ...then.keys()])].filter((id) => !sameJson(now.get(id) ?? null, then.get(id) ?? null));
  return others.length === 0 ? 'its id, version or description' : others.join(', ');
}

function sameJson(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort(([x], [y]) => (x < y ? -1 : 1))) : inner,
  );
}

/** Sources that are newer than what was built of them. */
async function checkAge(root: string, manifestFile: string): Promise<PackageProblem[]> {
  const src = join(root, 'src');
  if (!existsSync(src) || manifestFile.startsWith(src + sep)) return [];
  const built = (await stat(manifestFile)).mtimeMs;
  const names = (await readdir(src, { recursive: true })).filter((name) => /\.[cm]?[jt]sx?$/.test(name) && !/\.test\./.test(name));
  for (const name of names.sort()) {
    if ((await stat(join(src, name))).mtimeMs > built) return [warning(join('src', name), 'it is newer than what was built', 'build the plugin')];
  }
  return [];
}

function error(place: string, problem: string, hint: string): PackageProblem {
  return { severity: 'error', place, problem, hint };
}

function warning(place: string, problem: string, hint: string): PackageProblem {
  return { severity: 'warning', place, problem, hint };
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

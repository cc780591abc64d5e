import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';

import { DEFAULT_TENANT, type LockedPlugin } from '@kb-labs/contracts';
import { audited } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';
import { changePluginsLock, findPackage, grantsOf, isInRange, type LoadedPlugin, permissionTerms, type PluginFolder, readAdded, readPluginFolder, readPluginsLock, sealPackage } from '@kb-labs/plugin-host/lifecycle';

import type { CommandContext, CommandHandler } from '../../command-context.js';
import { findPackageManager, runPackageManager } from '../../plugin/package-manager.js';
import { type PackageSpec, parsePackageSpec } from '../../plugin/package-spec.js';
import { changesOf, showRequest } from '../../plugin/show-request.js';
import { userName } from '../../project/user-name.js';
import { quoteWord } from '../../render/quote-word.js';
import { askYesNo } from '../../terminal/ask.js';
import { sanitizeText } from '../../terminal/sanitize.js';

export const execute: CommandHandler<'plugin:add'> = async (context, args) => {
  const { terminal } = context;
  const { projectRoot } = await context.config();
  const spec = parsePackageSpec(args.rest[0]);
  // Before anything of that name is installed.
  if (spec.kind === 'package') await refuseTaken(context, spec.name);
  const { folder, source } = await findSource(context, projectRoot, spec);
  const plugin = await readPluginAt(folder);
  const name = plugin.installed.id;
  await refuseTaken(context, name);
  const before = (await readPluginsLock(projectRoot)).get(name);
  const sealed = await sealPackage(folder.root);
  if (!sealed.ok) throw new AppError('PLUGIN_INVALID', { plugin: name, problem: sealed.problem });
  const { integrity } = sealed.seal;
  const same = before?.integrity === integrity;
  const next: LockedPlugin = { version: plugin.installed.version, source, integrity, permissions: grantsOf(plugin.installed.commands), trusted: args.trust || (same && before.trusted) };
  const changes = before === undefined ? [] : changesOf(before, next);
  if (before === undefined || changes.length > 0) {
    await getConsent(context, { written: args.rest[0], plugin, next, before, changes, yes: args.yes });
    const { deps } = await context.engine();
    const entry = { actor: userName(), tenant: DEFAULT_TENANT, action: 'plugin.add', target: name, details: { version: next.version, integrity, trusted: next.trusted } };
    await audited(deps, entry, () => changePluginsLock(projectRoot, (plugins) => new Map(plugins).set(name, next)));
  }
  if (context.json) terminal.printJson({ name, changed: before === undefined || changes.length > 0, ...next });
  else if (before !== undefined && changes.length === 0) terminal.print(`${name} ${next.version} was added already, and is as it was`);
  else terminal.print([`${terminal.style.green('✓ added')}  ${name} ${next.version}`, '  .kb/plugins.lock belongs into version control']);
  return undefined;
};

async function findSource(context: CommandContext, projectRoot: string, spec: PackageSpec): Promise<{ folder: PluginFolder; source: string }> {
  if (spec.kind === 'folder') return fromFolder(await readNamed(context.terminal.host.cwd, spec.path), projectRoot);
  // One that was added from a folder is accepted again by its name.
  const known = spec.range === undefined ? (await readPluginsLock(projectRoot)).get(spec.name)?.source : undefined;
  return known === undefined || known === 'package' ? findOrInstall(context, projectRoot, spec) : fromFolder(await readNamed(projectRoot, known), projectRoot);
}

async function findOrInstall(context: CommandContext, projectRoot: string, spec: PackageSpec & { kind: 'package' }): Promise<{ folder: PluginFolder; source: string }> {
  const { name, range } = spec;
  let folder = await findPackage(projectRoot, name, 'added');
  if (folder === undefined || !(await fits(folder, range))) {
    const manager = findPackageManager(projectRoot);
    await runPackageManager(manager, manager.install(range === undefined ? name : `${name}@${range}`), { terminal: context.terminal, name });
    folder = await findPackage(projectRoot, name, 'added');
    if (folder === undefined) {
      throw new AppError('PACKAGE_NOT_INSTALLED', { program: manager.program, package: name, problem: 'it is not in node_modules' }, { hint: 'packages have to be unpacked there: with Yarn, set "nodeLinker: node-modules"' });
    }
  }
  return { folder, source: 'package' };
}

/** A tag of a registry fits no version: what it means now is asked for. */
async function fits({ root }: PluginFolder, range: string | undefined): Promise<boolean> {
  if (range === undefined) return true;
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version?: unknown };
  return typeof version === 'string' && isInRange(version, range);
}

async function readNamed(cwd: string, path: string): Promise<PluginFolder> {
  const root = resolve(cwd, path);
  if (!existsSync(root)) throw new AppError('USAGE', { problem: `there is no folder ${path}` }, { hint: 'a folder is named from where you are: ./path/to/it' });
  if (!existsSync(join(root, 'package.json'))) throw new AppError('USAGE', { problem: `${path} has no package.json` }, { hint: 'name the folder of a plugin; "kb plugin:new NAME" makes one' });
  return readPluginFolder(realpathSync(root), 'added');
}

function fromFolder(folder: PluginFolder, projectRoot: string): { folder: PluginFolder; source: string } {
  const path = relative(realpathSync(projectRoot), folder.root).split(sep).join('/');
  if (path === '') throw new AppError('USAGE', { problem: 'that is the project itself' });
  return { folder, source: path.startsWith('../') ? path : `./${path}` };
}

async function readPluginAt(folder: PluginFolder): Promise<LoadedPlugin> {
  const plugin = folder.name ?? folder.root;
  const read = await readAdded(plugin, folder);
  if (!read.ok) throw new AppError('PLUGIN_INVALID', { plugin, problem: read.problem });
  return read.plugin;
}

/** A plugin that comes with the engine, or is a folder of the project, would go on being used in place of what is added. */
async function refuseTaken(context: CommandContext, name: string): Promise<void> {
  const { deps } = await context.offline();
  const taken = (await deps.plugins.list()).find((plugin) => plugin.id === name && plugin.origin !== 'added');
  if (taken === undefined) return;
  const problem = taken.origin === 'first-party' ? `${name} comes with kb` : `${name} is a folder of this project`;
  const hint = taken.origin === 'first-party' ? 'to use another in its place, name its folder under "plugins:" in .kb/kb.config.yaml' : 'it runs without being added; take it out of "plugins:" in .kb/kb.config.yaml to add a package of its name';
  throw new AppError('USAGE', { problem }, { hint });
}

interface Consent {
  /** As it was asked for: a package that is only a folder cannot be found by its name before it was added. */
  readonly written: string;
  readonly plugin: LoadedPlugin;
  readonly next: LockedPlugin;
  readonly before: LockedPlugin | undefined;
  readonly changes: readonly string[];
  readonly yes: boolean;
}

async function getConsent({ terminal, json }: CommandContext, { written, plugin, next, before, changes, yes }: Consent): Promise<void> {
  const name = plugin.installed.id;
  const { errorStyle: style } = terminal;
  const shown = [...showRequest(next, plugin, style), ...(before === undefined ? [] : ['', `since ${before.version} was added:`, ...changes.map((line) => `  ${sanitizeText(line)}`)])];
  terminal.note(shown);
  if (yes) return;
  const asked = !json && terminal.canAsk();
  if (asked && (await askYesNo(terminal, before === undefined ? 'Let it run in this project?' : 'Accept this?').answer)) return;
  const details = {
    plugin: name,
    permissions: Object.fromEntries(plugin.installed.commands.map(({ id, permissions }) => [id, permissionTerms(permissions)])),
    trusted: next.trusted,
  };
  const hint = asked ? 'nothing was added; the package stays installed, and does not run' : `look at what it asks for, and say yes with "kb plugin:add ${quoteWord(written)} --yes${next.trusted ? ' --trust' : ''}"`;
  if (before === undefined) throw new AppError('PLUGIN_NOT_TRUSTED', details, { hint });
  throw new AppError('PLUGIN_CHANGED', { ...details, problem: changes.join(', ') }, { hint });
}

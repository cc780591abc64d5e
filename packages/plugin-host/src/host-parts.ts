/** What a host is made of, each part loaded by the first step that needs it: what a command of the terminal does not use it does not wait for. */
import type { PluginUses } from '@kb-labs/contracts';
import type { StepCall, StepOutcome } from '@kb-labs/ports';

import type { PluginHostOptions } from './host-options.js';
import type { LoadedCommand } from './plugins/look-up-command.js';
import type { CommandHost, FoundCommand } from './plugins/run-command.js';
import { temporaryParent } from './script/temporary-parent.js';
import type { Targets } from './targets/open-targets.js';

const HANDLER_GRACE_MS = 2_000;

let plugins: Promise<typeof import('./plugin-commands.js')> | undefined;

/** Loaded with the first step that needs it: a run of scripts alone never loads a schema checker. Node takes its time to find again what it has loaded. */
export const loadPlugins = () => (plugins ??= import('./plugin-commands.js'));

/** Loaded for steps of flows alone. */
export const pinning = () => import('./plugins/hold-to-pins.js');

export type LazyShelf = ReturnType<typeof lazyShelf>;

/** The code that reads manifests, loaded when the first plugin is asked for. */
export function lazyShelf(options: PluginHostOptions) {
  const open = async () => {
    const { lookUpCommand, PluginShelf } = await loadPlugins();
    return { shelf: new PluginShelf(options), lookUpCommand };
  };
  let opened: ReturnType<typeof open> | undefined;
  const ready = () => (opened ??= open());
  /** By the `uses` of a document, which its runs share. Not what was added: that is looked at each time. */
  const kept = new WeakMap<PluginUses, LoadedCommand & { readonly ok: true }>();
  return {
    known: (uses: PluginUses) => kept.get(uses),
    look: async (uses: PluginUses, sealed = false): Promise<LoadedCommand> => {
      const { shelf, lookUpCommand } = await ready();
      const found = await lookUpCommand(shelf, uses, { sealed });
      if (!sealed && found.ok && found.plugin.installed.origin !== 'added') kept.set(uses, found);
      return found;
    },
    installed: async (listing?: { readonly verify?: boolean }) => (await ready()).shelf.installed(listing),
  };
}

export type LazyTargets = ReturnType<typeof lazyTargets>;

/** What runs steps elsewhere than in this process, opened when the first one asks for it. */
export function lazyTargets({ hostEnv, execution = {}, logger }: PluginHostOptions) {
  let opened: Promise<Targets> | undefined;
  const open = async (): Promise<Targets> => new (await loadPlugins()).Targets({ hostEnv, settings: execution, logger });
  return {
    open: () => (opened ??= open()),
    close: async () => (await opened)?.close(),
  };
}

export type LazyScripts = ReturnType<typeof lazyScripts>;

/** What runs scripts, and who starts them. */
export function lazyScripts({ hostEnv }: PluginHostOptions) {
  const open = async () => {
    const [{ runScript }, { Removals }, { FolderStock }, { Spawner }] = await Promise.all([
      import('./script/run-script.js'),
      import('./script/removals.js'),
      import('./script/folder-stock.js'),
      import('./process-tree/spawner.js'),
    ]);
    return { runScript, removals: new Removals(), folders: new FolderStock(temporaryParent(hostEnv)), spawner: new Spawner(hostEnv) };
  };
  let opened: ReturnType<typeof open> | undefined;
  return {
    open: () => (opened ??= open()),
    close: async () => {
      const { spawner, folders, removals } = (await opened) ?? {};
      spawner?.close();
      folders?.close();
      await removals?.close();
    },
  };
}

export type LazyCommands = ReturnType<typeof lazyCommands>;

/** What runs commands of plugins. Once it is loaded, a command begins without waiting for it. */
export function lazyCommands({ hostEnv, killGraceMs = HANDLER_GRACE_MS, services }: PluginHostOptions, targets: LazyTargets) {
  let loaded: { readonly run: (call: StepCall, found: FoundCommand, host: CommandHost) => Promise<StepOutcome>; readonly host: CommandHost } | undefined;
  const load = async (): Promise<NonNullable<typeof loaded>> => {
    const [{ runCommand }, opened] = await Promise.all([loadPlugins(), targets.open()]);
    return (loaded = { run: runCommand, host: { hostEnv, killGraceMs, targets: opened, ...(services === undefined ? {} : { services }) } });
  };
  return {
    run: (call: StepCall, found: FoundCommand): Promise<StepOutcome> =>
      loaded === undefined ? load().then(({ run, host }) => run(call, found, host)) : loaded.run(call, found, loaded.host),
  };
}

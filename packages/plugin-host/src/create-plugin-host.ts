import type { Permissions, PluginUses, Uses } from '@kb-labs/contracts';
import { assertNever } from '@kb-labs/errors';
import type { Logger, Placement, PluginHost, StepCall, StepOutcome, StepToPlace } from '@kb-labs/ports';

import type { StepServices } from './context/step-services.js';
import type { LoadedCommand } from './plugins/look-up-command.js';
import type { CommandHost, FoundCommand } from './plugins/run-command.js';
import type { HostEnv } from './process-tree/base-env.js';
import { temporaryParent } from './script/temporary-parent.js';
import type { Targets } from './targets/open-targets.js';
import type { StepKind } from './targets/place-step.js';
import type { ExecutionSettings } from './targets/settings.js';

export interface PluginHostOptions {
  /** Folders of the plugin packages that ship with the engine. */
  readonly firstParty: readonly string[];
  /** The project and the folders of its own plugins, absolute or relative to it. */
  readonly project: { readonly root: string; readonly plugins: readonly string[] };
  /** The environment that steps may be given a part of. */
  readonly hostEnv: HostEnv;
  readonly logger: Logger;
  /** What handlers get by the permission `services`; what is left out is not there. */
  readonly services?: StepServices;
  /** Where steps run. Left out: scripts in subprocesses, trusted plugins in this process, others in a sandbox where there is one. */
  readonly execution?: ExecutionSettings;
  /** From TERM to KILL of a step that is aborted, and what a handler gets to end. 1 s for scripts and 2 s for handlers when left out. */
  readonly killGraceMs?: number;
}

const HANDLER_GRACE_MS = 2_000;
const STRAY_GRACE_MS = 500;

/** A host for plugin commands in this process and scripts in process trees of their own. Reads and loads nothing until it is asked. */
export function createPluginHost(options: PluginHostOptions): PluginHost {
  const shelf = lazyShelf(options);
  const targets = lazyTargets(options);
  const scripts = lazyScripts(options);
  const commands = lazyCommands(options, targets);
  const settings = options.execution ?? {};
  return {
    resolve: async (uses, { sealed = false } = {}) => {
      const found = (sealed ? undefined : shelf.known(uses)) ?? (await shelf.look(uses, sealed));
      if (!found.ok) return found;
      const { installed, integrity } = found.plugin;
      return { ok: true, plugin: sealed && integrity !== undefined ? { ...installed, integrity } : installed, command: found.command };
    },
    list: (listing) => shelf.installed(listing),
    place: (step) => (step.pins === undefined ? place(step, { shelf, targets, settings }) : placePinned(step, step.pins, { shelf, targets, settings })),
    close: async () => {
      await Promise.all([targets.close(), scripts.close()]);
    },
    mayChangeFiles: (uses) => mayChangeFiles(uses, shelf),
    run: (call) => (call.uses.kind === 'plugin' ? runPlugin(call, call.uses, { shelf, commands }) : runOther(call, { targets, scripts }, options)),
    endStray: async (idempotencyKey) => {
      const [{ endStray }, { sweepStepFolders }] = await Promise.all([import('./process-tree/end-stray.js'), import('./script/step-folder.js')]);
      const ended = await endStray(`KB_IDEMPOTENCY_KEY=${idempotencyKey}`, options.killGraceMs ?? STRAY_GRACE_MS);
      await sweepStepFolders(temporaryParent(options.hostEnv)).catch(() => undefined);
      return ended;
    },
  };
}

interface Placing {
  readonly shelf: LazyShelf;
  readonly targets: LazyTargets;
  readonly settings: ExecutionSettings;
}

function place(step: StepToPlace, { shelf, targets, settings }: Placing): Placement | Promise<Placement> {
  const { uses, target } = step;
  switch (uses.kind) {
    case 'workflow':
      return { ok: true, isolation: 'in-process' };
    case 'builtin':
      if (uses.name !== 'run') return { ok: true, isolation: 'in-process' };
      // The usual case loads nothing.
      if (target === undefined && settings.minIsolation === undefined) return { ok: true, isolation: 'subprocess' };
      return placeElsewhere('script', step, targets);
    case 'plugin': {
      const known = shelf.known(uses);
      const placing = (found: LoadedCommand): Placement | Promise<Placement> => placeCommand(found, step, { targets, settings });
      return known === undefined ? shelf.look(uses).then(placing) : placing(known);
    }
    default:
      return assertNever(uses);
  }
}

function placeCommand(found: LoadedCommand, step: StepToPlace, { targets, settings }: Omit<Placing, 'shelf'>): Placement | Promise<Placement> {
  // One that cannot be used fails when it is run, wherever that would have been.
  if (!found.ok) return { ok: true, isolation: 'in-process' };
  const { trusted } = found.plugin;
  const isFree = step.target === undefined && settings.target === undefined && settings.minIsolation === undefined;
  // The usual case asks nobody.
  if (trusted && isFree) return { ok: true, isolation: 'in-process' };
  return placeElsewhere(trusted ? 'trusted-plugin' : 'other-plugin', step, targets);
}

async function placeElsewhere(kind: StepKind, step: StepToPlace, targets: LazyTargets): Promise<Placement> {
  return (await targets.open()).place(kind, step);
}

async function placePinned(step: StepToPlace, pins: NonNullable<StepToPlace['pins']>, placing: Placing): Promise<Placement> {
  const { holdToImage, holdToPlugin } = await pinning();
  if (step.uses.kind !== 'plugin') return holdToImage(await place(step, placing), pins);
  const found = await placing.shelf.look(step.uses, true);
  const placement = found.ok ? await holdToPlugin(found.plugin, pins, () => placeCommand(found, step, placing)) : await placeCommand(found, step, placing);
  return holdToImage(placement, pins);
}

async function mayChangeFiles(uses: Uses, shelf: LazyShelf): Promise<boolean> {
  switch (uses.kind) {
    case 'workflow':
      return false;
    case 'builtin':
      return uses.name === 'run';
    case 'plugin': {
      const found = shelf.known(uses) ?? (await shelf.look(uses));
      return !found.ok || opensFiles(found.command.permissions);
    }
    default:
      return assertNever(uses);
  }
}

function opensFiles({ shell, fs }: Permissions): boolean {
  return (Array.isArray(shell) ? shell.length > 0 : shell === true) || (fs?.write ?? []).length > 0;
}

let plugins: Promise<typeof import('./plugin-commands.js')> | undefined;

/** Loaded with the first step that needs it: a run of scripts alone never loads a schema checker. Node takes its time to find again what it has loaded. */
const loadPlugins = () => (plugins ??= import('./plugin-commands.js'));

/** Loaded for steps of flows alone. */
const pinning = () => import('./plugins/hold-to-pins.js');

type LazyShelf = ReturnType<typeof lazyShelf>;

/** The code that reads manifests, loaded when the first plugin is asked for. */
function lazyShelf(options: PluginHostOptions) {
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

type LazyTargets = ReturnType<typeof lazyTargets>;

/** What runs steps elsewhere than in this process, opened when the first one asks for it. */
function lazyTargets({ hostEnv, execution = {}, logger }: PluginHostOptions) {
  let opened: Promise<Targets> | undefined;
  const open = async (): Promise<Targets> => new (await loadPlugins()).Targets({ hostEnv, settings: execution, logger });
  return {
    open: () => (opened ??= open()),
    close: async () => (await opened)?.close(),
  };
}

type LazyScripts = ReturnType<typeof lazyScripts>;

/** What runs scripts, and who starts them. */
function lazyScripts({ hostEnv }: PluginHostOptions) {
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

type LazyCommands = ReturnType<typeof lazyCommands>;

/** What runs commands of plugins. Once it is loaded, a command begins without waiting for it. */
function lazyCommands({ hostEnv, killGraceMs = HANDLER_GRACE_MS, services }: PluginHostOptions, targets: LazyTargets) {
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

function runPlugin(call: StepCall, uses: PluginUses, { shelf, commands }: { readonly shelf: LazyShelf; readonly commands: LazyCommands }): Promise<StepOutcome> {
  const known = call.placement.pinned === undefined ? shelf.known(uses) : undefined;
  return known === undefined ? lookAndRun(call, uses, { shelf, commands }) : commands.run(call, known);
}

async function lookAndRun(call: StepCall, uses: PluginUses, { shelf, commands }: { readonly shelf: LazyShelf; readonly commands: LazyCommands }): Promise<StepOutcome> {
  const { pinned } = call.placement;
  const found = await shelf.look(uses, pinned !== undefined);
  if (!found.ok) {
    const { code, message, hint } = found;
    return { status: 'failed', error: { code, message, ...(hint === undefined ? {} : { hint }) }, outputs: {}, retryable: false };
  }
  const refused = pinned === undefined ? undefined : (await pinning()).refuseOtherPlugin(found.plugin, pinned);
  if (refused !== undefined) return { status: 'failed', error: refused.error, outputs: {}, retryable: false };
  return await commands.run(call, found);
}

async function runOther(call: StepCall, { targets, scripts }: { readonly targets: LazyTargets; readonly scripts: LazyScripts }, { hostEnv, killGraceMs, logger }: PluginHostOptions): Promise<StepOutcome> {
  const { uses } = call;
  if (uses.kind !== 'builtin' || uses.name !== 'run') throw notForAHost(uses);
  const { runScript, spawner, folders, removals } = await scripts.open();
  const isPlain = call.placement.isolation === 'subprocess' && call.placement.target === undefined;
  const placed = isPlain ? undefined : (await loadPlugins()).placedScript(call, await targets.open());
  return await runScript(call, { hostEnv, logger, spawner, folders, removals, ...(killGraceMs === undefined ? {} : { killGraceMs }), ...(placed === undefined ? {} : { placed }) });
}

function notForAHost(uses: Uses): Error {
  return new Error(`${uses.kind === 'builtin' ? `builtin:${uses.name}` : 'a call of a workflow'} is the engine's to carry out, not a plugin host's`);
}

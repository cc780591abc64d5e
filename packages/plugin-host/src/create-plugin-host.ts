import type { Permissions, PluginUses, Uses } from '@kb-labs/contracts';
import { assertNever } from '@kb-labs/errors';
import type { Placement, PluginHost, StepCall, StepOutcome, StepToPlace } from '@kb-labs/ports';

import type { PluginHostOptions } from './host-options.js';
import { type LazyCommands, lazyCommands, type LazyScripts, lazyScripts, type LazyShelf, lazyShelf, type LazyTargets, lazyTargets, loadPlugins, pinning } from './host-parts.js';
import type { LoadedCommand } from './plugins/look-up-command.js';
import { temporaryParent } from './script/temporary-parent.js';
import type { StepKind } from './targets/place-step.js';
import type { ExecutionSettings } from './targets/settings.js';

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

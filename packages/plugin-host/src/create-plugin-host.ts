import type { BuiltinUses, Permissions, PluginUses, Uses, WorkflowUses } from '@kb-labs/contracts';
import { assertNever } from '@kb-labs/errors';
import type { Logger, PluginHost, StepCall, StepOutcome } from '@kb-labs/ports';

import type { LoadedCommand } from './plugins/look-up-command.js';
import type { HostEnv } from './process-tree/base-env.js';
import { temporaryParent } from './script/temporary-parent.js';

export interface PluginHostOptions {
  /** Folders of the plugin packages that ship with the engine. */
  readonly firstParty: readonly string[];
  /** The project and the folders of its own plugins, absolute or relative to it. */
  readonly project: { readonly root: string; readonly plugins: readonly string[] };
  /** The environment that steps may be given a part of. */
  readonly hostEnv: HostEnv;
  readonly logger: Logger;
  /** From TERM to KILL of a step that is aborted, and what a handler gets to end. 1 s for scripts and 2 s for handlers when left out. */
  readonly killGraceMs?: number;
}

const HANDLER_GRACE_MS = 2_000;
const STRAY_GRACE_MS = 500;

/** A host for plugin commands in this process and scripts in process trees of their own. Reads and loads nothing until it is asked. */
export function createPluginHost(options: PluginHostOptions): PluginHost {
  const shelf = lazyShelf(options);
  return {
    resolve: async (uses) => {
      const found = await shelf.look(uses);
      return found.ok ? { ok: true, plugin: found.plugin.installed, command: found.command } : found;
    },
    list: async () => (await shelf.usable()).map((plugin) => plugin.installed),
    isolationOf,
    mayChangeFiles: (uses) => mayChangeFiles(uses, shelf),
    run: (call) => runStep(call, shelf, options),
    endStray: async (idempotencyKey) => {
      const [{ endStray }, { sweepStepFolders }] = await Promise.all([import('./process-tree/end-stray.js'), import('./script/step-folder.js')]);
      const ended = await endStray(`KB_IDEMPOTENCY_KEY=${idempotencyKey}`, options.killGraceMs ?? STRAY_GRACE_MS);
      await sweepStepFolders(temporaryParent(options.hostEnv)).catch(() => undefined);
      return ended;
    },
  };
}

function isolationOf(uses: Uses): 'in-process' | 'subprocess' {
  switch (uses.kind) {
    case 'plugin':
      return 'in-process';
    case 'workflow':
      return 'in-process';
    case 'builtin':
      return uses.name === 'run' ? 'subprocess' : 'in-process';
    default:
      return assertNever(uses);
  }
}

async function mayChangeFiles(uses: Uses, shelf: LazyShelf): Promise<boolean> {
  switch (uses.kind) {
    case 'workflow':
      return false;
    case 'builtin':
      return uses.name === 'run';
    case 'plugin': {
      const found = await shelf.look(uses);
      return !found.ok || opensFiles(found.command.permissions);
    }
    default:
      return assertNever(uses);
  }
}

function opensFiles({ shell, fs }: Permissions): boolean {
  return (Array.isArray(shell) ? shell.length > 0 : shell === true) || (fs?.write ?? []).length > 0;
}

type LazyShelf = ReturnType<typeof lazyShelf>;

/** The code that reads manifests, loaded when the first plugin is asked for. */
function lazyShelf(options: PluginHostOptions) {
  const open = async () => {
    const { lookUpCommand, PluginShelf } = await import('./plugin-commands.js');
    return { shelf: new PluginShelf(options), lookUpCommand };
  };
  let opened: ReturnType<typeof open> | undefined;
  const ready = () => (opened ??= open());
  return {
    look: async (uses: PluginUses): Promise<LoadedCommand> => {
      const { shelf, lookUpCommand } = await ready();
      return lookUpCommand(shelf, uses);
    },
    usable: async () => (await ready()).shelf.usable(),
  };
}

/** The two ways to run are loaded when they are first needed: a run of scripts alone never loads a schema checker. */
async function runStep(call: StepCall, shelf: LazyShelf, { hostEnv, killGraceMs, logger }: PluginHostOptions): Promise<StepOutcome> {
  const { uses } = call;
  switch (uses.kind) {
    case 'workflow':
      throw notForAHost(uses);
    case 'builtin': {
      if (uses.name !== 'run') throw notForAHost(uses);
      const { runScript } = await import('./script/run-script.js');
      return runScript(call, { hostEnv, logger, ...(killGraceMs === undefined ? {} : { killGraceMs }) });
    }
    case 'plugin': {
      const found = await shelf.look(uses);
      if (!found.ok) {
        const { code, message, hint } = found;
        return { status: 'failed', error: { code, message, ...(hint === undefined ? {} : { hint }) }, outputs: {}, retryable: false };
      }
      const { runCommand } = await import('./plugin-commands.js');
      return runCommand(call, { plugin: found.plugin, command: found.command, hostEnv, killGraceMs: killGraceMs ?? HANDLER_GRACE_MS });
    }
    default:
      return assertNever(uses);
  }
}

function notForAHost(uses: BuiltinUses | WorkflowUses): Error {
  return new Error(`${uses.kind === 'builtin' ? `builtin:${uses.name}` : 'a call of a workflow'} is the engine's to carry out, not a plugin host's`);
}

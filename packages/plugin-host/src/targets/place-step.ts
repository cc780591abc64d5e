import { ISOLATION_LEVELS, type Isolation, type PlannedTarget } from '@kb-labs/contracts';
import { AppError, fromUnknown, toRunError } from '@kb-labs/errors';
import type { Placement, StepToPlace } from '@kb-labs/ports';

import type { ContainerSettings } from '../confine/container-settings.js';
import type { ExecutionSettings } from './settings.js';

/** What a step is, as far as it decides where it runs. */
export type StepKind = 'script' | 'trusted-plugin' | 'other-plugin';

export interface PlaceOptions {
  readonly settings: ExecutionSettings;
  /** What this machine has. */
  readonly canSandbox: () => Promise<{ readonly ok: true } | { readonly ok: false; readonly problem: string }>;
  readonly canWatch: boolean;
  readonly resolveImage: (reference: string, settings: ContainerSettings, signal: AbortSignal) => Promise<{ readonly reference: string; readonly digest: string }>;
}

/**
 * Where a step runs. What its document asks for is taken or refused, never replaced. Where it asks for nothing the installation's
 * target stands, or the kind of the step decides; what is weaker than the installation allows is raised then.
 */
export async function placeStep(kind: StepKind, { target, signal }: Pick<StepToPlace, 'target' | 'signal'>, options: PlaceOptions): Promise<Placement> {
  try {
    const { settings } = options;
    const chosen = target === undefined ? await choose(kind, options) : { isolation: asked(kind, target, settings), target };
    requireStrongEnough(chosen.isolation, settings);
    return await have(chosen, signal, options);
  } catch (error) {
    const known = fromUnknown(error);
    return { ok: false, error: toRunError(known), retryable: known.retryable };
  }
}

interface Chosen {
  readonly isolation: Isolation;
  readonly target?: PlannedTarget;
}

/** Where the document leaves it open. */
async function choose(kind: StepKind, options: PlaceOptions): Promise<Chosen> {
  const { minIsolation, target } = options.settings;
  // Code that nobody trusts does not run in this process, whatever holds for the others.
  const isForAll = target !== undefined && kind !== 'script' && !(target.mode === 'in-process' && kind === 'other-plugin');
  const chosen: Chosen = isForAll ? { isolation: isolationOf(target, options.settings), target } : { isolation: await usual(kind, options) };
  if (minIsolation === undefined || rank(chosen.isolation) >= rank(minIsolation)) return chosen;
  // Limits of the weaker one hold in the stronger one as well, where it has any.
  const limits = chosen.target === undefined ? {} : { target: { ...chosen.target, mode: modeOf(minIsolation) } };
  return { isolation: kind === 'script' && rank(minIsolation) < rank('subprocess') ? 'subprocess' : minIsolation, ...limits };
}

async function usual(kind: StepKind, { canSandbox }: PlaceOptions): Promise<Isolation> {
  switch (kind) {
    case 'script':
      return 'subprocess';
    case 'trusted-plugin':
      return 'in-process';
    case 'other-plugin':
      return (await canSandbox()).ok ? 'sandbox' : 'subprocess';
  }
}

/** What the document says. Fails where it asks for what such a step cannot have. */
function asked(kind: StepKind, target: PlannedTarget, settings: ExecutionSettings): Isolation {
  const isolation = isolationOf(target, settings);
  if (kind === 'script' && rank(isolation) < rank('subprocess')) throw notAvailable(`"${target.mode}" for a script`, 'a script is a program of its own: it runs in a subprocess or a container');
  if (kind === 'other-plugin' && isolation === 'in-process') {
    throw new AppError('TARGET_TOO_WEAK', { level: 'in-process', minimum: 'worker-pool' }, { hint: 'a plugin runs in the process of the engine once it is trusted: add it again with --trust, or leave "execution-target" out' });
  }
  return isolation;
}

function isolationOf({ mode, sandbox }: PlannedTarget, { target, minIsolation }: ExecutionSettings): Isolation {
  if (mode !== 'subprocess') return mode;
  const asInstalled = (target?.mode === 'subprocess' && target.sandbox === true) || minIsolation === 'sandbox';
  return (sandbox ?? asInstalled) ? 'sandbox' : 'subprocess';
}

function requireStrongEnough(isolation: Isolation, { minIsolation }: ExecutionSettings): void {
  if (minIsolation !== undefined && rank(isolation) < rank(minIsolation)) throw new AppError('TARGET_TOO_WEAK', { level: isolation, minimum: minIsolation });
}

/** Makes sure that it can be had here, the image of a container included. */
async function have({ isolation, target }: Chosen, signal: StepToPlace['signal'], options: PlaceOptions): Promise<Placement> {
  const placement = { ok: true, isolation, ...(target === undefined ? {} : { target }) } as const;
  switch (isolation) {
    case 'in-process':
    case 'worker-pool':
      return placement;
    case 'subprocess':
      requireWatch(target, options);
      return placement;
    case 'sandbox': {
      const found = await options.canSandbox();
      if (!found.ok) throw notAvailable('a sandbox', found.problem);
      requireWatch(target, options);
      return placement;
    }
    case 'container': {
      const container = options.settings.container ?? {};
      const reference = target?.image ?? container.image;
      if (reference === undefined) throw notAvailable('a container', 'neither the document nor the configuration names an image');
      const { digest, reference: used } = await options.resolveImage(reference, container, signal());
      return { ...placement, target: withDefaults(target, container), image: { reference: used, digest } };
    }
  }
}

function withDefaults(target: PlannedTarget | undefined, { memoryBytes, cpus, pids }: ContainerSettings): PlannedTarget {
  return {
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(cpus === undefined ? {} : { cpus }),
    ...(pids === undefined ? {} : { pids }),
    ...(target ?? { mode: 'container' }),
    mode: 'container',
  };
}

/** A limit that nobody keeps would be a promise that is not kept. */
function requireWatch(target: PlannedTarget | undefined, { canWatch }: PlaceOptions): void {
  const isLimited = target?.memoryBytes !== undefined || target?.cpus !== undefined || target?.pids !== undefined;
  if (isLimited && !canWatch) throw notAvailable('a subprocess with limits', 'processes can be watched on Linux only: a container keeps limits elsewhere');
}

function notAvailable(target: string, problem: string): AppError {
  return new AppError('TARGET_NOT_AVAILABLE', { target, problem });
}

function rank(isolation: Isolation): number {
  return ISOLATION_LEVELS.indexOf(isolation);
}

function modeOf(isolation: Isolation): PlannedTarget['mode'] {
  return isolation === 'sandbox' ? 'subprocess' : isolation;
}

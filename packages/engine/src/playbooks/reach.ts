import { digestInReference, type FlowPins, formatUses, type ImageUsed, isJsonObject, type JsonValue, type PlannedStep } from '@kb-labs/contracts';
import { AppError, isErrorCode } from '@kb-labs/errors';
import type { CheckedDocument, CommandLookup, StepToPlace } from '@kb-labs/ports';

import type { EngineDeps } from '../deps.js';
import { findWorkflow, type FindWorkflowDeps } from '../find-workflow.js';

export type ReachDeps = FindWorkflowDeps & Pick<EngineDeps, 'clock'>;

/** How long images are fetched for all in all: somebody waits for the answer, and programs give up after five minutes. */
const IMAGES_MS = 4 * 60_000;

/** The checked documents of a workflow and of all that it can call, itself first. Fails as `findWorkflow` does for any of them. */
export async function reachedWorkflows(deps: FindWorkflowDeps, workflowId: string): Promise<readonly CheckedDocument[]> {
  const found = new Map<string, CheckedDocument>();
  for (const ids = [workflowId]; ids.length > 0; ) {
    const id = ids.shift();
    if (id === undefined || found.has(id)) continue;
    const document = await findWorkflow(deps, id);
    found.set(id, document);
    ids.push(...document.calls.map((call) => call.id));
  }
  return [...found.values()];
}

/**
 * What a workflow, and all that it can call, would run now. Fails as `findWorkflow` does, as a lookup of a plugin does, and with
 * `TARGET_NOT_AVAILABLE` or `IMAGE_NOT_AVAILABLE` for an image that cannot be had here, or not within four minutes. An image whose name is
 * computed is not in it.
 */
export async function resolvePins(deps: ReachDeps, workflowId: string): Promise<FlowPins> {
  return pinsOf(deps, await reachedWorkflows(deps, workflowId));
}

/** What there is to tell of a reach: pins, and what the code in it may touch. */
export async function describeReach(deps: ReachDeps, workflowId: string): Promise<Readonly<Record<string, JsonValue>>> {
  const documents = await reachedWorkflows(deps, workflowId);
  const { workflows, plugins, images } = await pinsOf(deps, documents);
  const commands = await lookUp(deps, documents);
  return {
    workflows,
    plugins,
    permissions: Object.fromEntries(commands.map(({ plugin, command }) => [`${plugin.id}/${command.id}`, toJson(command.permissions)])),
    network: sorted(commands.flatMap(({ command }) => command.permissions.network ?? [])),
    secrets: sorted(documents.flatMap(({ plan }) => plan.secrets ?? [])),
    images,
  };
}

async function pinsOf(deps: ReachDeps, documents: readonly CheckedDocument[]): Promise<FlowPins> {
  return {
    workflows: Object.fromEntries(documents.map(({ id, plan }) => [id, plan.workflow.digest])),
    plugins: await pinPlugins(deps, documents),
    images: await pinImages(deps, documents),
  };
}

type Found = CommandLookup & { readonly ok: true };

/** Every command once. */
async function lookUp({ plugins }: FindWorkflowDeps, documents: readonly CheckedDocument[], sealed = false): Promise<Found[]> {
  const wanted = new Map(documents.flatMap(({ commands }) => commands.map(({ uses }) => [formatUses(uses), uses] as const)));
  return Promise.all(
    [...wanted.values()].map(async (uses): Promise<Found> => {
      const found = await plugins.resolve(uses, { sealed });
      if (found.ok) return found;
      const { package: plugin, command, range = '' } = uses;
      throw new AppError(found.code, { plugin, command, range, problem: found.message }, found.hint === undefined ? {} : { hint: found.hint });
    }),
  );
}

async function pinPlugins(deps: FindWorkflowDeps, documents: readonly CheckedDocument[]): Promise<FlowPins['plugins']> {
  const found = await lookUp(deps, documents, true);
  const pins = found.map(({ plugin: { id, version, integrity } }) => {
    if (integrity === undefined) throw new AppError('INTERNAL', { problem: `the plugin ${id} came without its integrity` });
    return [id, { version, integrity }] as const;
  });
  return Object.fromEntries(pins.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Where its steps would run tells which images they are: also of steps that name none, where the installation has containers for all. */
async function pinImages(deps: ReachDeps, documents: readonly CheckedDocument[]): Promise<FlowPins['images']> {
  const steps = documents.flatMap(({ plan }) => plan.jobs.flatMap((job) => job.steps));
  const places = new Map(steps.filter(isPlaced).map((step) => [JSON.stringify([step.uses, step.target ?? null]), step]));
  const images: Record<string, string> = {};
  const late = new AbortController();
  const disarm = deps.clock.after(IMAGES_MS, () => late.abort());
  try {
    for (const { uses, target } of places.values()) {
      const image = await imageOf(deps, { uses, signal: () => late.signal, ...(target === undefined ? {} : { target }) });
      if (image !== undefined) images[image.reference] = image.digest;
    }
  } finally {
    disarm();
  }
  return images;
}

/** The engine's own steps run nowhere else; an image whose name is computed is not known before. */
function isPlaced({ uses, target }: PlannedStep): boolean {
  if (uses.kind === 'workflow' || (uses.kind === 'builtin' && uses.name !== 'run')) return false;
  return target?.image?.includes('${{') !== true;
}

async function imageOf({ plugins }: FindWorkflowDeps, step: StepToPlace): Promise<ImageUsed | undefined> {
  const { target } = step;
  const named = target?.image === undefined ? undefined : digestInReference(target.image);
  if (target?.image !== undefined && named !== undefined) return { reference: target.image, digest: named };
  const placement = await plugins.place(step);
  if (placement.ok) return placement.image;
  if (step.signal().aborted) throw new AppError('IMAGE_NOT_AVAILABLE', { image: target?.image ?? 'of the installation', problem: `it was not here after ${String(IMAGES_MS / 60_000)} minutes` }, { hint: 'fetch it on this machine, and try again' });
  // Where it will run something else may be there. An image that nobody could pin would not be run.
  if (target?.mode !== 'container') return undefined;
  const { code, message, details, hint } = placement.error;
  if (!isErrorCode(code)) throw new AppError('IMAGE_NOT_AVAILABLE', { image: target.image ?? '', problem: message });
  throw new AppError(code, isJsonObject(details) ? details : {}, hint === undefined ? {} : { hint });
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted();
}

/** Without what is `undefined`. */
function toJson(value: object): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}

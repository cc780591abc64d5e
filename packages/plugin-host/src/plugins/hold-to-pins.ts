import { digestInReference, type FlowPins } from '@kb-labs/contracts';
import { AppError, toRunError } from '@kb-labs/errors';
import type { Placement, StepToPlace } from '@kb-labs/ports';

import type { LoadedPlugin } from './read-plugin.js';

type Refused = Placement & { readonly ok: false };

/** Why a plugin may not be run where only pinned ones are. */
export function refuseOtherPlugin({ installed, integrity }: LoadedPlugin, pinned: FlowPins['plugins'][string] | undefined): Refused | undefined {
  return pinned !== undefined && pinned.version === installed.version && pinned.integrity === integrity ? undefined : changed(`the plugin ${installed.id}`);
}

/** A place for a command of the pinned plugin; for any other there is none, and none is looked for. */
export async function holdToPlugin(plugin: LoadedPlugin, { plugins }: NonNullable<StepToPlace['pins']>, place: () => Placement | Promise<Placement>): Promise<Placement> {
  const { id } = plugin.installed;
  const pinned = Object.hasOwn(plugins, id) ? plugins[id] : undefined;
  const refused = refuseOtherPlugin(plugin, pinned);
  if (refused !== undefined) return refused;
  const placement = await place();
  return placement.ok && pinned !== undefined ? { ...placement, pinned } : placement;
}

/** Refuses a place with another image than the pinned one. A name with a digest can have no other. */
export function holdToImage(placement: Placement, { images }: NonNullable<StepToPlace['pins']>): Placement {
  if (!placement.ok || placement.image === undefined) return placement;
  const { reference, digest } = placement.image;
  if (digestInReference(reference) !== undefined || (Object.hasOwn(images, reference) && images[reference] === digest)) return placement;
  return changed(`the image ${reference}`);
}

function changed(what: string): Refused {
  return { ok: false, error: toRunError(new AppError('FLOW_PIN_CHANGED', { what })), retryable: false };
}

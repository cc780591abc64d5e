import type { ImageUsed } from '@kb-labs/contracts';

import { resolveImage } from '../confine/resolve-image.js';
import { testImage } from '../confine/test-image.fixture.js';
import type { HostEnv } from '../process-tree/base-env.js';

export type ContainerImage = { readonly ok: true; readonly image: ImageUsed; readonly hostEnv: HostEnv } | { readonly ok: false; readonly problem: string };

/** An image with Node to run handlers in, where this machine can run containers. */
export async function containerImage(): Promise<ContainerImage> {
  const built = await testImage();
  if (!built.ok) return built;
  const { hostEnv, reference } = built;
  const { digest } = await resolveImage(reference, {}, { hostEnv, signal: new AbortController().signal });
  return { ok: true, image: { reference, digest }, hostEnv };
}

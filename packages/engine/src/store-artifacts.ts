import { LIMITS, type ArtifactHandle } from '@kb-labs/contracts';
import { AppError, fromUnknown, hasCode } from '@kb-labs/errors';
import type { NewArtifact } from '@kb-labs/ports';

import type { EngineDeps } from './deps.js';
import type { SaveArtifact } from './finish-outputs.js';

/** Takes the artifacts of one try of a step. The same name again replaces. */
export function artifactStore(deps: Pick<EngineDeps, 'blobs'>): { readonly artifacts: readonly ArtifactHandle[]; readonly save: SaveArtifact } {
  const artifacts: ArtifactHandle[] = [];
  return {
    artifacts,
    save: async (artifact) => {
      if (artifacts.length >= LIMITS.artifactsPerStep) {
        throw new AppError('ARTIFACT_INVALID', { name: artifact.name, problem: `a step can store ${LIMITS.artifactsPerStep}` });
      }
      const handle = await storeArtifact(deps, artifact);
      const same = artifacts.findIndex((other) => other.name === handle.name);
      if (same >= 0) artifacts.splice(same, 1);
      artifacts.push(handle);
      return handle;
    },
  };
}

export async function storeArtifact(deps: Pick<EngineDeps, 'blobs'>, artifact: NewArtifact, maxBytes: number = LIMITS.artifactBytes): Promise<ArtifactHandle> {
  const stored = await deps.blobs.put(artifact.content, maxBytes).catch((error: unknown) => {
    if (!hasCode(error, 'ARTIFACT_INVALID')) throw error;
    throw new AppError('ARTIFACT_INVALID', { ...fromUnknown(error).details, name: artifact.name });
  });
  return { name: artifact.name, type: artifact.type, ...(artifact.label === undefined ? {} : { label: artifact.label }), ...stored };
}

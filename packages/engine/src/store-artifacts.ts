import { LIMITS, type ArtifactHandle } from '@kb-labs/contracts';
import { AppError, fromUnknown, hasCode } from '@kb-labs/errors';
import type { NewArtifact, Redactor, StoredBlob } from '@kb-labs/ports';

import type { EngineDeps } from './deps.js';
import type { SaveArtifact } from './finish-outputs.js';
import { patiently } from './passing.js';
import { redactArtifact } from './redact-values.js';

type StoreDeps = Pick<EngineDeps, 'blobs' | 'clock'>;

/** Takes the artifacts of one try of a step. The same name again replaces. */
export function artifactStore(deps: StoreDeps, redactor?: Redactor): { readonly artifacts: readonly ArtifactHandle[]; readonly save: SaveArtifact } {
  const artifacts: ArtifactHandle[] = [];
  return {
    artifacts,
    save: async (artifact) => {
      if (artifacts.length >= LIMITS.artifactsPerStep) {
        throw new AppError('ARTIFACT_INVALID', { name: artifact.name, problem: `a step can store ${LIMITS.artifactsPerStep}` });
      }
      // A name cannot be changed: others look for it.
      if (redactor !== undefined && redactor.text(artifact.name) !== artifact.name) {
        throw new AppError('ARTIFACT_INVALID', { name: redactor.text(artifact.name), problem: 'there is a secret in its name' });
      }
      const handle = await storeArtifact(deps, redactArtifact(redactor, artifact));
      const same = artifacts.findIndex((other) => other.name === handle.name);
      if (same >= 0) artifacts.splice(same, 1);
      artifacts.push(handle);
      return handle;
    },
  };
}

export async function storeArtifact(deps: StoreDeps, artifact: NewArtifact, maxBytes: number = LIMITS.artifactBytes): Promise<ArtifactHandle> {
  const { content } = artifact;
  const put = (): Promise<StoredBlob> => deps.blobs.put(content, maxBytes);
  // A stream can be read once.
  const stored = await (content instanceof Uint8Array ? patiently(deps.clock, put) : put()).catch((error: unknown) => {
    if (!hasCode(error, 'ARTIFACT_INVALID')) throw error;
    throw new AppError('ARTIFACT_INVALID', { ...fromUnknown(error).details, name: artifact.name });
  });
  return { name: artifact.name, type: artifact.type, ...(artifact.label === undefined ? {} : { label: artifact.label }), ...stored };
}

import { artifactPlace, type ArtifactView } from '@kb-labs/contracts';
import { AppError, suggestName } from '@kb-labs/errors';
import { toRunView } from '@kb-labs/projector';

import type { EngineDeps } from './deps.js';
import { readRunState, toKnownRunId } from './read-run.js';

export interface ReadArtifact {
  readonly runId: string;
  /** Its name, or `<job>/<step>/<name>` where several steps stored one of the same name; `<job>/<name>` for one that the job made of them. */
  readonly name: string;
}

/**
 * One artifact of a run. Of several with the same name it is the one of the last job and step. Fails with `ARTIFACT_NOT_FOUND`, or with
 * `ARTIFACT_REMOVED` when it was kept long enough.
 */
export async function readArtifact(
  deps: Pick<EngineDeps, 'log' | 'blobs' | 'catalog'>,
  query: ReadArtifact,
): Promise<{ artifact: ArtifactView; content: AsyncIterable<Uint8Array> }> {
  const { artifacts } = toRunView(await readRunState(deps, query.runId));
  const artifact = artifacts.findLast((one) => one.name === query.name || artifactPlace(one) === query.name);
  if (artifact === undefined) {
    const hint = suggestName(query.name, artifacts.map((one) => one.name));
    throw new AppError('ARTIFACT_NOT_FOUND', { name: query.name }, hint === undefined ? {} : { hint });
  }
  const removedAt = (await deps.catalog.getRun(toKnownRunId(query.runId)))?.artifactsRemovedAt;
  if (removedAt !== undefined) throw new AppError('ARTIFACT_REMOVED', { name: query.name, at: new Date(removedAt).toISOString() });
  const content = await deps.blobs.get(artifact.digest);
  if (content === undefined) throw new AppError('STATE_CORRUPT', { problem: `the bytes of the artifact ${artifact.name} are gone` });
  return { artifact, content };
}

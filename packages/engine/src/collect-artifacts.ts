import { ARTIFACT_NAME, type ArtifactType, type JsonObject, type JsonValue, type StepArtifact } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { NewArtifact } from '@kb-labs/ports';

import type { EngineDeps } from './deps.js';

/** Stores the artifacts a step declares. Fails with `ARTIFACT_INVALID` when a source is not there. */
export async function collectArtifacts(
  deps: Pick<EngineDeps, 'files' | 'workspace'>,
  declared: Readonly<Record<string, StepArtifact>>,
  outputs: JsonObject,
  save: (artifact: NewArtifact) => Promise<unknown>,
): Promise<void> {
  for (const [name, artifact] of Object.entries(declared)) {
    if (!ARTIFACT_NAME.test(name)) throw new AppError('ARTIFACT_INVALID', { name, problem: 'the name is not accepted' });
    const label = artifact.label === undefined ? {} : { label: artifact.label };
    if (artifact.source.startsWith('file:')) {
      const path = artifact.source.slice('file:'.length);
      const content = await deps.files.open(deps.workspace, path);
      if (content === undefined) throw new AppError('ARTIFACT_INVALID', { name, problem: `there is no file ${path}` });
      await save({ name, type: artifact.type ?? 'file', ...label, content });
    } else {
      const value = valueAt(outputs, artifact.source);
      if (value === undefined) throw new AppError('ARTIFACT_INVALID', { name, problem: `there is no ${artifact.source}` });
      const content = new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value, null, 2));
      await save({ name, type: artifact.type ?? typeOf(value), ...label, content });
    }
  }
}

function valueAt(outputs: JsonObject, source: string): JsonValue | undefined {
  let value: JsonValue | undefined = outputs;
  for (const name of source.split('.').slice(1)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as JsonObject)[name];
  }
  return value;
}

function typeOf(value: JsonValue): ArtifactType {
  return typeof value === 'string' ? 'text' : 'json';
}

import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { type ArtifactHandle, LIMITS } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { NewArtifact } from '@kb-labs/ports';

import { formatBytes } from '../render/run-summary.js';
import { sanitizeText } from '../terminal/sanitize.js';

export interface KeptArtifacts {
  save(artifact: NewArtifact): Promise<ArtifactHandle>;
  /** What was made and where it is, for people. */
  lines(): string[];
}

/** Takes the artifacts of a command that runs by itself: into a folder, or only their names and sizes. */
export function keepArtifacts(folder: string | undefined, cwd: string): KeptArtifacts {
  const root = folder === undefined ? undefined : resolve(cwd, folder);
  const kept: string[] = [];
  return {
    save: async (artifact) => {
      const file = root === undefined ? undefined : placeOf(root, artifact.name);
      const { digest, bytes } = await measure(artifact, file);
      kept.push(`${sanitizeText(artifact.name)}  ${artifact.type}, ${formatBytes(bytes)}  ${file ?? '(not kept: --artifacts=DIR writes it)'}`);
      return { name: artifact.name, type: artifact.type, digest, bytes, ...(artifact.label === undefined ? {} : { label: artifact.label }) };
    },
    lines: () => kept,
  };
}

/** A name can have folders in it, and must not lead out of the one that was named. */
function placeOf(root: string, name: string): string {
  const path = resolve(root, name);
  if (path.startsWith(root + sep)) return path;
  throw new AppError('ARTIFACT_INVALID', { name, problem: 'its name leads out of the folder' });
}

async function measure(artifact: NewArtifact, file: string | undefined): Promise<{ digest: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const content = artifact.content instanceof Uint8Array ? [artifact.content] : artifact.content;
  const counted = Readable.from(content).map((chunk: Uint8Array) => {
    hash.update(chunk);
    bytes += chunk.byteLength;
    if (bytes > LIMITS.artifactBytes) throw new AppError('ARTIFACT_INVALID', { name: artifact.name, problem: `it is larger than ${String(LIMITS.artifactBytes)} bytes` });
    return chunk;
  });
  if (file === undefined) {
    await counted.forEach(() => undefined);
  } else {
    await mkdir(dirname(file), { recursive: true });
    await pipeline(counted, createWriteStream(file));
  }
  return { digest: `sha256:${hash.digest('hex')}`, bytes };
}

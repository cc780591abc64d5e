import { constants } from 'node:fs';
import { type FileHandle, realpath } from 'node:fs/promises';
import { join } from 'node:path';

import { AppError } from '@kb-labs/errors';
import type { ConsumedArtifact, StepCall } from '@kb-labs/ports';

import { isArtifactName } from '../artifact-name.js';
import { openInside } from '../files/inside.js';

/**
 * Writes what a job consumes below `folder`, each under its name, closed to other users. Nothing that is there is replaced,
 * and no link is followed. Fails with `ARTIFACT_MISSING`; ends early when the step is aborted.
 */
export async function placeConsumed(folder: string, { consumed, signal }: Pick<StepCall, 'consumed' | 'signal'>): Promise<void> {
  const root = await realpath(folder);
  for (const artifact of consumed) {
    if (signal.aborted) return;
    await place(root, artifact, signal);
  }
}

async function place(root: string, artifact: ConsumedArtifact, signal: AbortSignal): Promise<void> {
  const { name, bytes } = artifact.handle;
  if (!isArtifactName(name)) throw missing(name, 'no file below $KB_ARTIFACTS can be called so');
  const chunks = await artifact.open();
  const file = await create(root, name);
  let written = 0;
  try {
    for await (const chunk of chunks) {
      if (signal.aborted) return;
      written += chunk.byteLength;
      if (written > bytes) throw missing(name, `it has more bytes than the ${String(bytes)} it was stored with`);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  if (written < bytes) throw missing(name, `only ${String(written)} of its ${String(bytes)} bytes are there`);
}

async function create(root: string, name: string): Promise<FileHandle> {
  let file: FileHandle | undefined;
  try {
    file = await openInside({ root, absolute: join(root, name), relative: name }, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, { mode: 0o600, folderMode: 0o700 });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw BLOCKED.has(code) ? missing(name, `its place below $KB_ARTIFACTS is taken (${code})`) : error;
  }
  if (file === undefined) throw missing(name, 'its place below $KB_ARTIFACTS was exchanged');
  return file;
}

/** What is in the way: another artifact whose name is a part of this one, or what a foreign process has put there. */
const BLOCKED: ReadonlySet<string> = new Set(['EEXIST', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENAMETOOLONG']);

function missing(name: string, problem: string): AppError {
  return new AppError('ARTIFACT_MISSING', { name: name.slice(0, 256), problem });
}

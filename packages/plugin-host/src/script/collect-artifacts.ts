import { constants, type Dirent, readdirSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

import { ARTIFACT_NAME, artifactTypeOf, LIMITS } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { StepCall } from '@kb-labs/ports';

/** Entries in all that are looked at, and folders deep. */
const ENTRIES = 10_000;
const DEPTH = 32;
/** A file up to this size is handed over as it is, without a stream. */
const SMALL_BYTES = 256 * 1024;

export type ArtifactSink = Pick<StepCall, 'log' | 'saveArtifact' | 'signal'>;

/**
 * Stores the files a script left in `$KB_ARTIFACTS` under their relative paths, in order. Links and special files are
 * left out, with a line in the log. Fails with `ARTIFACT_INVALID`, before anything is stored, when there are too many or
 * a name is not one for an artifact.
 */
export async function collectArtifacts(folder: string, sink: ArtifactSink): Promise<void> {
  const found: Found = { files: [], others: [], entries: 0 };
  walk(folder, '', { found, depth: 1 });
  for (const name of found.others) {
    await sink.log({ stream: 'engine', level: 'warn', text: `not stored as an artifact, for it is not a file: ${name}` });
  }
  for (const name of found.files.sort()) {
    sink.signal.throwIfAborted();
    await save(join(folder, name), name, sink);
  }
}

interface Found {
  readonly files: string[];
  readonly others: string[];
  entries: number;
}

function walk(folder: string, above: string, { found, depth }: { found: Found; depth: number }): void {
  for (const entry of listFolder(folder, above)) {
    const path = above === '' ? entry.name : `${above}/${entry.name}`;
    found.entries += 1;
    if (found.entries > ENTRIES) throw refusal(path, `there are more than ${String(ENTRIES)} entries`);
    if (entry.isDirectory()) {
      if (depth === DEPTH) throw refusal(path, `it is more than ${String(DEPTH)} folders deep`);
      walk(join(folder, entry.name), path, { found, depth: depth + 1 });
    } else if (!entry.isFile()) {
      found.others.push(path);
    } else {
      if (!ARTIFACT_NAME.test(path)) throw refusal(path, 'a name starts with a letter, digit or "_" and goes on with these, ".", "-" and "/", 255 at the most');
      if (found.files.length === LIMITS.artifactsPerStep) throw refusal(path, `a step can store ${String(LIMITS.artifactsPerStep)}`);
      found.files.push(path);
    }
  }
}

function listFolder(folder: string, name: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    // A script may clear away the folder it was given.
    if (name === '' && error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw refusal(name === '' ? '$KB_ARTIFACTS' : name, 'the folder cannot be read');
  }
}

async function save(file: string, name: string, { saveArtifact, signal }: ArtifactSink): Promise<void> {
  const handle = await openPlain(file, name);
  try {
    const { size } = await handle.stat();
    const content = size <= SMALL_BYTES ? await handle.readFile() : chunks(handle, signal);
    await saveArtifact({ name, type: artifactTypeOf(name), content });
  } finally {
    await handle.close();
  }
}

async function openPlain(file: string, name: string): Promise<FileHandle> {
  try {
    return await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw refusal(name, error instanceof Error && 'code' in error ? `it cannot be read (${String(error.code)})` : 'it cannot be read');
  }
}

async function* chunks(handle: FileHandle, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const chunk of handle.createReadStream({ autoClose: false, highWaterMark: SMALL_BYTES })) {
    signal.throwIfAborted();
    yield chunk as Buffer;
  }
}

function refusal(name: string, problem: string): AppError {
  return new AppError('ARTIFACT_INVALID', { name: name.slice(0, 256), problem });
}

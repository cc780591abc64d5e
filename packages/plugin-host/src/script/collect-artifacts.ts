import { createHash } from 'node:crypto';
import { constants, type Dirent, readdirSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

import { ARTIFACT_NAME, type ArtifactHandle, artifactTypeOf, LIMITS } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { StepCall } from '@kb-labs/ports';

/** Entries in all that are looked at, and folders deep. */
const ENTRIES = 10_000;
const DEPTH = 32;
/** A file up to this size is handed over as it is, without a stream. */
const SMALL_BYTES = 256 * 1024;

export type ArtifactSink = Pick<StepCall, 'consumed' | 'log' | 'saveArtifact' | 'signal'>;

/**
 * Stores the files a script left in `$KB_ARTIFACTS` under their relative paths, in order. What the job consumes was there
 * before: it is stored only if its bytes are others now. Links and special files are left out, with a line in the log. Fails with `ARTIFACT_INVALID`, before anything is stored, when there are too many or
 * a name is not one for an artifact.
 */
export async function collectArtifacts(folder: string, sink: ArtifactSink): Promise<void> {
  const found: Found = { files: [], others: [], entries: 0 };
  walk(folder, '', { found, depth: 1 });
  for (const name of found.others) {
    await sink.log({ stream: 'engine', level: 'warn', text: `not stored as an artifact, for it is not a file: ${name}` });
  }
  const given = new Map(sink.consumed.map(({ handle }) => [handle.name, handle]));
  for (const name of await leftByScript(folder, found.files.sort(), { given, signal: sink.signal })) {
    sink.signal.throwIfAborted();
    await save(join(folder, name), { name, was: given.get(name) }, sink);
  }
}

interface Given {
  readonly given: ReadonlyMap<string, ArtifactHandle>;
  readonly signal: AbortSignal;
}

async function leftByScript(folder: string, files: readonly string[], { given, signal }: Given): Promise<readonly string[]> {
  const left: string[] = [];
  for (const name of files) {
    const was = given.get(name);
    if (was !== undefined && !(await hasChanged(join(folder, name), was, signal))) continue;
    if (left.length === LIMITS.artifactsPerStep) throw refusal(name, `a step can store ${String(LIMITS.artifactsPerStep)}`);
    left.push(name);
  }
  return left;
}

async function hasChanged(file: string, { name, bytes, digest }: ArtifactHandle, signal: AbortSignal): Promise<boolean> {
  const handle = await openPlain(file, name);
  try {
    if ((await handle.stat()).size !== bytes) return true;
    const sum = createHash('sha256');
    const buffer = Buffer.allocUnsafe(SMALL_BYTES);
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, SMALL_BYTES);
      if (bytesRead === 0) return `sha256:${sum.digest('hex')}` !== digest;
      sum.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
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

interface Left {
  readonly name: string;
  /** What it was before, when the job consumes it. */
  readonly was: ArtifactHandle | undefined;
}

async function save(file: string, { name, was }: Left, { saveArtifact, signal }: ArtifactSink): Promise<void> {
  const handle = await openPlain(file, name);
  try {
    const { size } = await handle.stat();
    const content = size <= SMALL_BYTES ? await handle.readFile() : chunks(handle, signal);
    await saveArtifact({ name, type: was?.type ?? artifactTypeOf(name), ...(was?.label === undefined ? {} : { label: was.label }), content });
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

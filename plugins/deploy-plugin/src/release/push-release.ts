import { readFile, realpath, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { type SourceSum } from './digest-source.js';
import { copySource, syncFolder } from './copy-source.js';
import { failedWith, ReleaseFailure } from './release-failure.js';
import { ReleaseFolder, removeTree } from './release-folder.js';
import { releaseName, type PushRequest, type ReleaseRecord, type ReleaseReport, type ReleaseResult } from './requests.js';
import { findSource, isWithin, scanSource } from './scan-source.js';
import { takeLock } from './take-lock.js';

const ANSWER_EVERY_MS = 20;

export type Tell = (report: ReleaseReport) => void;

/** A new release from the source, made current. A second try with the same key goes on where the first one has ended. */
export async function pushRelease(request: PushRequest, tell: Tell): Promise<ReleaseResult> {
  const folder = new ReleaseFolder(resolve(request.workspace, request.path));
  const source = await findSource(request.workspace, request.source);
  await refuseNesting(source, folder.root);
  await folder.prepare();
  // Only now that it is there it is known where links on the way lead.
  await refuseNesting(source, folder.root);
  const release = await takeLock(folder.notes);
  try {
    return await push(request, { folder, source, tell });
  } finally {
    await release();
  }
}

interface Place {
  readonly folder: ReleaseFolder;
  readonly source: string;
  readonly tell: Tell;
}

async function push(request: PushRequest, { folder, source, tell }: Place): Promise<ReleaseResult> {
  const current = await folder.current();
  const made = await makeRelease(request, { folder, source, tell });
  const { release } = made;
  if ((await folder.isReady(release)) || (release !== current && (await folder.wasReplaced(release)))) {
    return describe(folder, made, { previous: await folder.before(release), repeated: true });
  }
  // What never proved to be ready is nothing to go back to.
  const previous = current === null ? null : current !== release && (await folder.isReady(current)) ? current : await folder.before(current);
  if (current !== release) {
    await folder.write(`${release}.replaced`, previous ?? '');
    await folder.switchTo(release);
  }
  if (request.answerFile !== undefined) await check(folder, { release, previous, answerFile: request.answerFile, tell });
  await folder.write(`${release}.ready`, '');
  await folder.prune(request.keep, [release, previous]).catch((error: unknown) => {
    tell({ kind: 'note', text: `older releases could not be removed: ${String(error)}` });
  });
  return describe(folder, made, { previous, repeated: current === release });
}

/** The whole release in its folder, from this try or an earlier one. */
async function makeRelease({ key, note }: PushRequest, { folder, source, tell }: Place): Promise<ReleaseRecord> {
  const begun = await folder.nameOf(key);
  const known = begun === undefined ? undefined : await folder.record(begun);
  if (known !== undefined && (await folder.has(known.release))) return known;
  const part = join(folder.releases, `.new-${key}`);
  await removeTree(part);
  let told = 0;
  const sum: SourceSum = await copySource(source, part, {
    entries: await scanSource(source),
    onCopied: (fraction) => {
      if (fraction - told < 0.01) return;
      told = fraction;
      tell({ kind: 'copied', fraction });
    },
  });
  const made: ReleaseRecord = { release: begun ?? releaseName(key, note.createdAt), ...sum, ...note };
  await folder.write(`${made.release}.json`, `${JSON.stringify(made)}\n`);
  await rename(part, join(folder.releases, made.release));
  await syncFolder(folder.releases);
  return made;
}

async function describe(folder: ReleaseFolder, { release, digest, files, bytes }: ReleaseRecord, { previous, repeated }: Pick<ReleaseResult, 'previous' | 'repeated'>): Promise<ReleaseResult> {
  const before = previous === null ? undefined : await folder.record(previous);
  return { release, previous, changed: before?.digest !== digest, repeated, digest, files, bytes };
}

interface Check {
  readonly release: string;
  readonly previous: string | null;
  readonly answerFile: string;
  readonly tell: Tell;
}

/** Whoever asked runs the check and writes the answer. If it goes badly, is given up, or nobody is there to answer: back. */
async function check(folder: ReleaseFolder, { release, previous, answerFile, tell }: Check): Promise<void> {
  const given = new AbortController();
  const giveUp = (): void => given.abort();
  process.once('SIGTERM', giveUp).once('SIGINT', giveUp);
  tell({ kind: 'check', release, folder: join(folder.releases, release) });
  const answer = await awaitAnswer(answerFile, given.signal);
  if (answer === 'healthy') return;
  await folder.switchTo(previous);
  const now = previous === null ? 'nothing is deployed, as before' : `${previous} is current again`;
  throw answer === 'ill'
    ? new ReleaseFailure('HEALTH_CHECK_FAILED', `the health check of ${release} failed; ${now}`, { later: true })
    : new ReleaseFailure('HEALTH_CHECK_ABORTED', `the health check of ${release} was given up; ${now}`, { later: true });
}

async function awaitAnswer(file: string, signal: AbortSignal): Promise<'healthy' | 'ill' | 'none'> {
  const asker = process.ppid;
  while (!signal.aborted && process.ppid === asker) {
    const answer = await readFile(file, 'utf8').catch(() => '');
    if (answer !== '') return answer === '0' ? 'healthy' : 'ill';
    await new Promise((done) => setTimeout(done, ANSWER_EVERY_MS));
  }
  return 'none';
}

/** Where one holds the other, a release would hold the releases. */
async function refuseNesting(source: string, root: string): Promise<void> {
  const place = await realpath(root).catch((error: unknown) => {
    if (failedWith(error, 'ENOENT', 'ENOTDIR')) return root;
    throw error;
  });
  if (isWithin(source, place) || isWithin(join(place, 'releases'), source)) {
    throw new ReleaseFailure('SOURCE_NESTED', 'the folder deployed to is inside the source, or the source is a release', { hint: 'deploy a folder of its own, such as "dist"' });
  }
}

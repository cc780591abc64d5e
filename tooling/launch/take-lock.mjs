import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 250;
const BEAT_MS = 1_000;
/** A holder beats every second; one that was silent this long while we watched is gone, even if its pid lives on in another process. */
const SILENCE_MS = 15_000;

/**
 * Takes a lock directory, waiting for a live holder and clearing away a dead one.
 *
 * @param {string} path
 * @param {(owner: string) => void} onWait called once if somebody else holds it
 * @returns {Promise<() => void>} gives the lock back
 */
export async function takeLock(path, onWait) {
  const token = `${String(process.pid)} ${randomUUID()}`;
  let waited = false;
  let watched = { beat: -1, since: Date.now() };
  while (!tryTake(path, token)) {
    const owner = ownerOf(path);
    const beat = beatOf(path);
    if (beat !== watched.beat) watched = { beat, since: Date.now() };
    const silent = Date.now() - watched.since > SILENCE_MS;
    if (owner !== undefined && (silent || !isAlive(owner))) {
      clearAway(path, owner);
      continue;
    }
    // A directory without an owner is one in the making, or one left by a crash
    // within that instant.
    if (owner === undefined && silent) rmSync(path, { recursive: true, force: true });
    if (!waited && owner !== undefined) {
      waited = true;
      onWait(owner.split(' ')[0] ?? '');
    }
    await delay(POLL_MS);
  }
  const heart = setInterval(() => beat(path), BEAT_MS).unref();
  return () => {
    clearInterval(heart);
    if (ownerOf(path) === token) rmSync(path, { recursive: true, force: true });
  };
}

/**
 * @param {string} path
 * @param {string} token
 */
function tryTake(path, token) {
  try {
    mkdirSync(path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(path, 'owner'), token);
  return true;
}

/**
 * Two waiters may judge the same holder dead; the slower one must not take away
 * the lock that the faster one has made meanwhile. So: move, look, maybe put back.
 *
 * @param {string} path
 * @param {string} owner
 */
function clearAway(path, owner) {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
    if (ownerOf(aside) !== owner) renameSync(aside, path);
    rmSync(aside, { recursive: true, force: true });
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** @param {string} path */
function ownerOf(path) {
  try {
    return readFileSync(join(path, 'owner'), 'utf8') || undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} path */
function beatOf(path) {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return -1;
  }
}

/** @param {string} path */
function beat(path) {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // Cleared away by someone who took this process for dead; the release notices.
  }
}

/** @param {string} owner */
function isAlive(owner) {
  try {
    process.kill(Number(owner.split(' ')[0]), 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

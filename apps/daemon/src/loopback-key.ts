import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, linkSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { formatApiKey, LOOPBACK_KEY_ID, parseApiKey } from '@kb-labs/contracts';

import { makeStateFolder } from './state-folder.js';

const NAME = 'loopback.key';

/** The key of this machine: whoever can read a file of the one who runs the daemon may do what they may. */
export interface LoopbackKey {
  /** Who runs the daemon. */
  readonly name: string;
  matches(presented: string): boolean;
}

/**
 * Keeps `loopback.key` in the state folder, readable by its owner only. It is made when it is missing, also while the daemon runs:
 * removing the file replaces the key.
 */
export function keepLoopbackKey(stateDir: string): LoopbackKey {
  const path = join(stateDir, NAME);
  let known: { readonly file: string; readonly digest: Buffer } | undefined;
  const current = (): Buffer => {
    const file = fileAt(path);
    if (known === undefined || file === undefined || known.file !== file) {
      const key = readKey(path) ?? makeKey(stateDir, path);
      known = { file: fileAt(path) ?? '', digest: digestOf(key) };
    }
    return known.digest;
  };
  current();
  return { name: ownName(), matches: (presented) => timingSafeEqual(digestOf(presented), current()) };
}

/** The key that the daemon of a project takes from programs of its machine; `undefined` when there is none. */
export function readLoopbackKey(stateDir: string): string | undefined {
  return readKey(join(stateDir, NAME));
}

/** A file that holds no key, or that others can read, counts as none. */
function readKey(path: string): string | undefined {
  let text: string;
  try {
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) return undefined;
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return parseApiKey(text)?.id === LOOPBACK_KEY_ID ? text : undefined;
}

/** Whole or not at all. One that another daemon has made meanwhile is taken; one that is no good is replaced. */
function makeKey(stateDir: string, path: string): string {
  makeStateFolder(stateDir);
  const own = `${path}.${String(process.pid)}`;
  const key = formatApiKey({ id: LOOPBACK_KEY_ID, secret: randomBytes(32).toString('base64url') });
  writeFileSync(own, `${key}\n`, { mode: 0o600 });
  chmodSync(own, 0o600);
  try {
    for (let tries = 0; tries < 10; tries += 1) {
      try {
        linkSync(own, path);
        return key;
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      }
      const theirs = readKey(path);
      if (theirs !== undefined) return theirs;
      unlinkSync(path);
    }
    throw new Error(`${path} changes all the time`);
  } finally {
    unlinkSync(own);
  }
}

function fileAt(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? undefined : `${String(stat.dev)}:${String(stat.ino)}:${String(stat.mtimeMs)}:${String(stat.mode)}`;
}

/** Both sides as digests have the same length. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${String(process.getuid?.() ?? 'unknown')}`;
  }
}

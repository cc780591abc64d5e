import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseRunId, type RunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Callbacks } from '@kb-labs/ports';

export interface FileCallbacksOptions {
  /** Holds the key, `callback.key`, made when the first address is asked for. */
  readonly dir: string;
  /** Without a slash at the end. */
  readonly baseUrl: string;
}

const KEY_FILE = 'callback.key';
const KEY_BYTES = 32;
/** 192 bits: nobody finds an address by trying. */
const PROOF_BYTES = 24;

/** Addresses under a key in a file of this installation. The key is read when it is first needed. */
export function fileCallbacks({ dir, baseUrl }: FileCallbacksOptions): Callbacks {
  const path = join(dir, KEY_FILE);
  let key: Buffer | undefined;
  return keyCallbacks({
    baseUrl,
    keyToMake: () => (key ??= readKey(path) ?? makeKey(dir, path)),
    // Without a key no address was ever given out.
    keyToCheck: () => (key ??= readKey(path)),
  });
}

export interface KeyCallbacksOptions {
  /** Without a slash at the end. */
  readonly baseUrl: string;
  readonly keyToMake: () => Buffer;
  /** `undefined`: there is none, and no address is right. */
  readonly keyToCheck: () => Buffer | undefined;
}

/**
 * Addresses `<base>/api/v1/callbacks/<run>.<proof>`. The proof is the HMAC-SHA256 of the run's id under the key of this
 * installation (RFC 2104), so that nothing has to be stored for a run.
 */
export function keyCallbacks({ baseUrl, keyToMake, keyToCheck }: KeyCallbacksOptions): Callbacks {
  return {
    urlOf: (runId) => `${baseUrl}/api/v1/callbacks/${runId}.${proofOf(keyToMake(), runId)}`,
    runOf: (token) => {
      const dot = token.lastIndexOf('.');
      const runId = parseRunId(token.slice(0, Math.max(0, dot)));
      const key = keyToCheck();
      if (runId === undefined || key === undefined) return undefined;
      return isEqual(token.slice(dot + 1), proofOf(key, runId)) ? runId : undefined;
    },
  };
}

function proofOf(key: Buffer, runId: RunId): string {
  return createHmac('sha256', key).update(runId).digest().subarray(0, PROOF_BYTES).toString('base64url');
}

/** Takes the same time wherever the first difference is. */
function isEqual(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

function readKey(path: string): Buffer | undefined {
  let key: Buffer;
  try {
    key = readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  if (key.length !== KEY_BYTES) throw new AppError('STATE_CORRUPT', { problem: `${path} is no key` });
  return key;
}

/** Whole or not at all, and never over a key that another process has made meanwhile. */
function makeKey(dir: string, path: string): Buffer {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const own = `${path}.${String(process.pid)}`;
  writeFileSync(own, randomBytes(KEY_BYTES), { mode: 0o600 });
  try {
    linkSync(own, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    unlinkSync(own);
  }
  const key = readKey(path);
  if (key === undefined) throw new AppError('STATE_CORRUPT', { problem: `${path} was removed` });
  return key;
}

import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

import { AppError } from '@kb-labs/errors';

const KEY_BYTES = 32;

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The key that opens the kept secrets: `KB_SECRETS_KEY`, else the file of this account. It is never beside what it opens.
 * `undefined` when there is none. Fails with `SECRETS_UNREADABLE` for one that is no key, or that others can read.
 */
export function readSecretKey(env: Env): Buffer | undefined {
  const written = env['KB_SECRETS_KEY'];
  if (written !== undefined && written !== '') return parseKey(written.trim(), 'KB_SECRETS_KEY');
  const path = keyFile(env);
  const text = readKeyFile(path);
  return text === undefined ? undefined : parseKey(text.trim(), path);
}

/** The same, and makes the file when there is none. */
export function makeSecretKey(env: Env): { readonly key: Buffer; readonly made?: string } {
  const known = readSecretKey(env);
  if (known !== undefined) return { key: known };
  const path = keyFile(env);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const own = `${path}.${String(process.pid)}.${randomBytes(4).toString('hex')}`;
  writeFileSync(own, `${randomBytes(KEY_BYTES).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    chmodSync(own, 0o600);
    // Whole or not at all, and never in place of one that another process has made meanwhile.
    linkSync(own, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    unlinkSync(own);
  }
  const key = readSecretKey(env);
  if (key === undefined) throw unreadable(`${path} is gone again`);
  return { key, made: path };
}

/** Where the key of this account is. */
export function keyFile(env: Env): string {
  const set = process.platform === 'win32' ? env['APPDATA'] : env['XDG_CONFIG_HOME'];
  const home = env['HOME'];
  const base = set !== undefined && isAbsolute(set) ? set : join(home !== undefined && isAbsolute(home) ? home : homedir(), '.config');
  return join(base, 'kb-labs', 'secrets.key');
}

function readKeyFile(path: string): string | undefined {
  try {
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) throw unreadable(`${path} can be read by others: "chmod 600" it, and think of it as known to them`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error instanceof AppError ? error : unreadable(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** 32 bytes, as 64 hex digits or in base64 of either alphabet. */
function parseKey(text: string, from: string): Buffer {
  const key = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
  if (key?.length !== KEY_BYTES) throw unreadable(`${from} holds no key: 32 bytes, as 64 hex digits or in base64`);
  return key;
}

function unreadable(problem: string): AppError {
  return new AppError('SECRETS_UNREADABLE', { problem });
}

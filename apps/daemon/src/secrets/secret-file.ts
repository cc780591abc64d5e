import { closeSync, fsyncSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { basename, dirname } from 'node:path';

import { SECRET_NAME } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import * as z from 'zod/mini';

import { withLock } from './lock-file.js';
import { isSealed, openValue, sealAll, type SealedValue, type SealedValues, SECRET_FILE_FORMAT } from './sealed-values.js';

const base64 = z.string().check(z.regex(/^[A-Za-z0-9+/]*={0,2}$/));
const fileSchema = z.strictObject({
  format: z.literal(SECRET_FILE_FORMAT),
  secrets: z.record(z.string().check(z.regex(SECRET_NAME)), z.strictObject({ nonce: base64, data: base64, tag: base64, setAt: z.int() })),
  seal: base64,
});

/** The file as it is; nothing in it when there is none. Fails with `SECRETS_UNREADABLE` for anything else. */
export function readSecretFile(path: string): SealedValues | undefined {
  const text = readText(path);
  if (text === undefined) return undefined;
  let parsed;
  try {
    parsed = fileSchema.safeParse(JSON.parse(text));
  } catch {
    throw unreadable(`${path} is no JSON`);
  }
  if (!parsed.success) throw unreadable(`${path} is not in the format that is read here (${String(SECRET_FILE_FORMAT)}), or it was altered`);
  return parsed.data;
}

/** The value of a name. Fails with `SECRETS_UNREADABLE` with another key, and for a file that was altered: never with a wrong value. */
export function openSecret(file: SealedValues, { name, key, path }: { name: string; key: Buffer | undefined; path: string }): string | undefined {
  const kept = Object.hasOwn(file.secrets, name) ? file.secrets[name] : undefined;
  if (key === undefined) {
    if (kept === undefined) return undefined;
    throw unreadable(`there is no key for ${path}`);
  }
  if (!isSealed(key, file)) throw altered(path);
  if (kept === undefined) return undefined;
  const value = openValue(key, name, kept);
  if (value === undefined) throw altered(path);
  return value;
}

/** Changes the file as a whole, one process at a time. Fails with `SECRETS_UNREADABLE` rather than to replace what it cannot read. */
export async function changeSecretFile(path: string, key: Buffer, change: (secrets: Record<string, SealedValue>) => void): Promise<void> {
  await withLock(`${path}.lock`, (requireHeld) => {
    const file = readSecretFile(path);
    if (file !== undefined && !isSealed(key, file)) throw altered(path);
    const secrets: Record<string, SealedValue> = { ...file?.secrets };
    change(secrets);
    writeWhole(path, `${JSON.stringify(sealAll(key, secrets), null, 2)}\n`, requireHeld);
  });
}

/** Whole or not at all, and on the disk when it returns. */
function writeWhole(path: string, text: string, before: () => void): void {
  const own = `${path}.${String(process.pid)}.new`;
  const descriptor = openSync(own, 'w', 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  try {
    before();
    renameSync(own, path);
  } catch (error) {
    unlinkSync(own);
    throw error;
  }
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw unreadable(`${basename(path)}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function altered(path: string): AppError {
  return unreadable(`${path} was altered, or was written with another key`);
}

function unreadable(problem: string): AppError {
  return new AppError('SECRETS_UNREADABLE', { problem });
}

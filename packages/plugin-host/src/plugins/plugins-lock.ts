import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { type LockedPlugin, PLUGINS_LOCK_SCHEMA, type PluginsLock, pluginsLockSchema } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

const LOCK_BYTES = 4 * 1024 * 1024;
/** Somebody else is changing the file: how often, and how long in all, to look again. Left behind for longer, it is taken over. */
const RETRY_MS = 50;
const PATIENCE_MS = 5_000;
const LEFT_BEHIND_MS = 10_000;

export type LockedPlugins = ReadonlyMap<string, LockedPlugin>;

export function pluginsLockFile(projectRoot: string): string {
  return join(projectRoot, '.kb', 'plugins.lock');
}

/** What the lock of a project says; nothing when there is none. Fails with `PLUGINS_LOCK_INVALID`. */
export async function readPluginsLock(projectRoot: string): Promise<LockedPlugins> {
  const text = await readText(pluginsLockFile(projectRoot));
  return text === undefined ? new Map() : parsePluginsLock(text);
}

export function parsePluginsLock(text: string): LockedPlugins {
  return new Map(Object.entries(checked(text).plugins));
}

/** The same plugins are always the same text, whatever order they were added in. */
export function pluginsLockText(plugins: LockedPlugins): string {
  const lock: PluginsLock = { schema: PLUGINS_LOCK_SCHEMA, plugins: Object.fromEntries(plugins) };
  return `${JSON.stringify(lock, sortKeys, 2)}\n`;
}

/**
 * Changes the lock of a project: `change` gets what it says and answers what it shall say. One at a time, and whoever reads meanwhile
 * sees the file as it was or as it is.
 */
export async function changePluginsLock(projectRoot: string, change: (plugins: LockedPlugins) => LockedPlugins): Promise<void> {
  const file = pluginsLockFile(projectRoot);
  const draft = `${file}.new`;
  const handle = await openAlone(draft);
  try {
    await handle.writeFile(pluginsLockText(change(await readPluginsLock(projectRoot))));
    await handle.sync();
    await handle.close();
    await rename(draft, file);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(draft, { force: true });
    throw error;
  }
}

async function openAlone(draft: string) {
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    try {
      return await open(draft, 'wx', 0o644);
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
      const since = await stat(draft).catch(() => undefined);
      if (since !== undefined && Date.now() - since.mtimeMs > LEFT_BEHIND_MS) await rm(draft, { force: true });
      if (waitedMs > PATIENCE_MS) throw invalid(`${draft} is there: somebody else is changing it`);
      await delay(RETRY_MS);
    }
  }
}

async function readText(file: string): Promise<string | undefined> {
  try {
    if ((await stat(file)).size > LOCK_BYTES) throw invalid(`it is larger than ${String(LOCK_BYTES)} bytes`);
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined;
    throw error instanceof AppError ? error : invalid(error instanceof Error ? error.message : String(error));
  }
}

function checked(text: string): PluginsLock {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error));
  }
  let result;
  try {
    result = pluginsLockSchema.safeParse(value);
  } catch (error) {
    // Nesting can be deeper than the check's own stack.
    throw invalid(error instanceof Error ? error.message : String(error));
  }
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(`${issue?.path.join('.') || 'its root'}: ${issue?.message ?? 'unknown problem'}`);
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function invalid(problem: string): AppError {
  return new AppError('PLUGINS_LOCK_INVALID', { problem });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

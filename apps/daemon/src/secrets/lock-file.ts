import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

import { AppError } from '@kb-labs/errors';

const WAIT_MS = 10_000;
const ASK_MS = 20;

/**
 * Does something while no other process does the same. The lock of a process that has died on this machine is taken over.
 * `requireHeld` fails when the lock is somebody else's by now. Fails with `STATE_BUSY` when it is not free for ten seconds.
 */
export async function withLock(path: string, act: (requireHeld: () => void) => void): Promise<void> {
  const own = `${String(process.pid)} ${hostname()} ${randomUUID()}`;
  for (let waitedMs = 0; !take(path, own); waitedMs += ASK_MS) {
    if (waitedMs >= WAIT_MS) throw new AppError('STATE_BUSY', {}, { hint: `if no process uses it, remove ${path}` });
    await delay(ASK_MS);
  }
  try {
    act(() => {
      if (read(path) !== own) throw new AppError('STATE_BUSY');
    });
  } finally {
    if (read(path) === own) unlinkSync(path);
  }
}

function take(path: string, own: string): boolean {
  if (write(path, own)) return true;
  const holder = read(path);
  if (holder === undefined || !hasDied(holder)) return false;
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch {
    return false;
  }
  // Another may have taken it over, and locked, since it was read: then that goes back.
  if (read(aside) !== holder) {
    try {
      linkSync(aside, path);
    } catch {
      // A third holds it by now; whoever lost it finds that out before it writes.
    }
  }
  unlinkSync(aside);
  return write(path, own);
}

function write(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function hasDied(holder: string): boolean {
  const [pid = '', host] = holder.split(' ');
  if (host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

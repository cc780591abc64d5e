import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * @template T
 * @param {(dir: string) => T | Promise<T>} work
 */
export async function inTemporaryFolder(work) {
  const dir = mkdtempSync(join(tmpdir(), 'kb-bench-'));
  try {
    return await work(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

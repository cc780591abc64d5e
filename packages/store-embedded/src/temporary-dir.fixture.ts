import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

/** A fresh folder for the test that runs; gone after it. */
export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'kb-store-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { AppError } from '@kb-labs/errors';
import { makeFolder } from '@kb-labs/store-embedded';

/** Makes the folder of the state, for its owner only. Runs are no part of a repository, and nobody should have to say so. Fails with `STATE_UNAVAILABLE`. */
export function makeStateFolder(dir: string): void {
  try {
    makeFolder(dir);
  } catch (error) {
    throw new AppError('STATE_UNAVAILABLE', { problem: error instanceof Error ? error.message : String(error) }, { cause: error });
  }
  const path = join(dir, '.gitignore');
  if (!existsSync(path)) writeFileSync(path, '*\n');
}

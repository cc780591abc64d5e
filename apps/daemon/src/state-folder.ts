import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Makes the folder of the state, for its owner only. Runs are no part of a repository, and nobody should have to say so. */
export function makeStateFolder(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, '.gitignore');
  if (!existsSync(path)) writeFileSync(path, '*\n');
}

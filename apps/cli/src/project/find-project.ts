import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { AppError } from '@kb-labs/errors';

export interface ProjectPlace {
  /** `--project`. */
  readonly option: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/**
 * The root of the project: what `--project` or else KB_PROJECT_ROOT names, or else the nearest folder upwards with `.kb`.
 * Throws `PROJECT_NOT_FOUND`.
 */
export function findProject(place: ProjectPlace): string {
  const named = place.option ?? nonEmpty(place.env['KB_PROJECT_ROOT']);
  if (named !== undefined) {
    const root = resolve(place.cwd, named);
    if (isFolder(root)) return root;
    throw new AppError('PROJECT_NOT_FOUND', { folder: root }, { hint: `there is no folder ${root}` });
  }
  for (let folder = resolve(place.cwd); ; folder = dirname(folder)) {
    if (isFolder(join(folder, '.kb'))) return folder;
    if (folder === dirname(folder)) throw new AppError('PROJECT_NOT_FOUND');
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

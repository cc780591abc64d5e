import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmdir, unlinkSync, writeFileSync } from 'node:fs';
import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { isThere } from '../process-tree/is-there.js';

/** A folder for one try of a script, outside the workspace and closed to other users (0700). */
export interface StepFolder {
  readonly root: string;
  readonly script: string;
  readonly output: string;
  readonly artifacts: string;
  /** Removes the script and its outputs. Throws when one of them is not there. */
  readonly removeFiles: () => void;
  /** The script and its outputs are gone when this returns, all of it when that resolves. */
  readonly remove: () => Promise<void>;
}

/** Where one may be: the name says whose it is, see `sweepStepFolders`. */
export function stepRoot(parent: string, name: string): string {
  return join(parent, `kb-step-${process.pid}-${name}`);
}

/**
 * Small calls: synchronous ones take a tenth of what a turn of the thread pool for each would. `root` is that of an earlier one, which is empty but for its folder for
 * artifacts.
 */
export function makeStepFolder(parent: string, script: string, root?: string): StepFolder {
  const made = root ?? mkdtempSync(stepRoot(parent, ''));
  const folder = { script: `${made}/script`, output: `${made}/output`, artifacts: `${made}/artifacts` };
  writeFileSync(folder.script, script, { mode: 0o600 });
  closeSync(openSync(folder.output, 'w', 0o600));
  if (root === undefined) mkdirSync(folder.artifacts, 0o700);
  return { root: made, ...folder, removeFiles: () => removeFiles(folder), remove: () => remove(made, folder) };
}

/** Removes the folders of processes that are gone: a worker that was killed could not do it itself. */
export async function sweepStepFolders(parent: string): Promise<void> {
  for (const name of readdirSync(parent)) {
    const pid = Number(/^kb-step-(\d+)-/.exec(name)?.[1]);
    if (Number.isInteger(pid) && !isThere(pid)) await removeAll(join(parent, name)).catch(() => undefined);
  }
}

function removeFiles({ script, output }: Pick<StepFolder, 'script' | 'output'>): void {
  unlinkSync(script);
  unlinkSync(output);
}

async function remove(root: string, folder: Pick<StepFolder, 'script' | 'output' | 'artifacts'>): Promise<void> {
  try {
    removeFiles(folder);
    // A file system keeps whoever does this waiting while it writes its journal, as it does for each commit of a store beside it.
    await removeEmpty(folder.artifacts);
    await removeEmpty(root);
  } catch {
    // The script has left more than that, or taken something away.
    await removeAll(root);
  }
}

/** Not by `node:fs/promises`: a run of scripts needs nothing of that, and to load it takes a command longer than all it does with folders. */
function removeEmpty(folder: string): Promise<void> {
  return new Promise((resolve, reject) => rmdir(folder, (error) => (error === null ? resolve() : reject(error))));
}

async function removeAll(root: string): Promise<void> {
  try {
    await rm(root, { recursive: true, force: true });
  } catch {
    await openFolders(root);
    await rm(root, { recursive: true, force: true });
  }
}

/** A folder that its owner may not write to keeps what is in it. */
async function openFolders(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await openFolders(join(folder, entry.name));
  }
}

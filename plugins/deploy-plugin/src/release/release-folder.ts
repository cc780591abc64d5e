import { chmod, lstat, mkdir, open, readdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { syncFolder } from './copy-source.js';
import { failedWith, ReleaseFailure } from './release-failure.js';
import type { ReleaseRecord } from './requests.js';

const RELEASE = /^\d{8}-\d{9}-[0-9a-f]{12}$/;
const ABANDONED_MS = 48 * 3_600_000;

/**
 * A folder of releases:
 *
 * - `current`: a link to `releases/NAME`.
 * - `releases/NAME`: a whole release. What is made or removed has a name that begins with a dot.
 * - `.kb-deploy/NAME.json`: what the release is; there before its folder.
 * - `.kb-deploy/NAME.replaced`: the release that was current before it; there before the switch to it.
 * - `.kb-deploy/NAME.ready`: there once it was current and its check, if any, went well.
 * - `.kb-deploy/KEY.rollback`: from which release to which; there before the switch.
 * - `.kb-deploy/lock.N`: see `takeLock`.
 *
 * Another program keeps the same layout on servers, in the language of the shell.
 */
export class ReleaseFolder {
  readonly root: string;
  readonly releases: string;
  readonly notes: string;

  constructor(root: string) {
    this.root = root;
    this.releases = join(root, 'releases');
    this.notes = join(root, '.kb-deploy');
  }

  async prepare(): Promise<void> {
    try {
      await mkdir(this.releases, { recursive: true });
      await mkdir(this.notes, { recursive: true });
    } catch (error) {
      if (!failedWith(error, 'EEXIST', 'ENOTDIR')) throw error;
      throw new ReleaseFailure('PATH_NOT_A_FOLDER', `${this.root} cannot hold releases: something on the way to it is no folder`);
    }
  }

  /** The release `current` leads to, or `null`. */
  async current(): Promise<string | null> {
    let target: string;
    try {
      target = await readlink(join(this.root, 'current'));
    } catch (error) {
      if (failedWith(error, 'ENOENT', 'ENOTDIR')) return null;
      if (failedWith(error, 'EINVAL')) throw new ReleaseFailure('CURRENT_NOT_A_LINK', `"current" in ${this.root} is no link`, { hint: 'it is not touched: move it away first' });
      throw error;
    }
    const name = target.startsWith('releases/') ? target.slice('releases/'.length) : '';
    if (RELEASE.test(name)) return name;
    throw new ReleaseFailure('CURRENT_NOT_A_RELEASE', `"current" in ${this.root} leads to ${target}, which is no release`, { hint: 'it is not touched: move it away first' });
  }

  /** The release whose name ends in a key, made or only begun. */
  async nameOf(key: string): Promise<string | undefined> {
    return (await readdir(this.notes)).find((name) => name.endsWith(`-${key}.json`) && RELEASE.test(name.slice(0, -'.json'.length)))?.slice(0, -'.json'.length);
  }

  /** Whole releases, the newest first. */
  async list(): Promise<string[]> {
    return (await readdir(this.releases)).filter((name) => RELEASE.test(name)).sort().reverse();
  }

  async has(release: string): Promise<boolean> {
    return RELEASE.test(release) && isThere(join(this.releases, release));
  }

  async record(release: string): Promise<ReleaseRecord | undefined> {
    const text = await this.read(`${release}.json`);
    return text === undefined ? undefined : (JSON.parse(text) as ReleaseRecord);
  }

  isReady(release: string): Promise<boolean> {
    return isThere(join(this.notes, `${release}.ready`));
  }

  /** What a release has replaced, followed back until a release that is still there and was ready. */
  async before(release: string): Promise<string | null> {
    const seen = new Set<string>();
    for (let at = release; !seen.has(at); ) {
      seen.add(at);
      const replaced = (await this.read(`${at}.replaced`))?.trim() ?? '';
      if (replaced === '') return null;
      if ((await this.has(replaced)) && (await this.isReady(replaced))) return replaced;
      at = replaced;
    }
    return null;
  }

  /** Whether another release has replaced this one. */
  async wasReplaced(release: string): Promise<boolean> {
    for (const name of await readdir(this.notes)) {
      if (name.endsWith('.replaced') && name !== `${release}.replaced` && (await this.read(name))?.trim() === release) return true;
    }
    return false;
  }

  async read(note: string): Promise<string | undefined> {
    return readFile(join(this.notes, note), 'utf8').catch((error: unknown) => {
      if (failedWith(error, 'ENOENT')) return undefined;
      throw error;
    });
  }

  /** Appears with all its content, and outlasts a loss of power. */
  async write(note: string, text: string): Promise<void> {
    const part = join(this.notes, `.${note}.part`);
    const handle = await open(part, 'w', 0o644);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, join(this.notes, note));
    await syncFolder(this.notes);
  }

  /** Of a link to a folder there is no moment without it: a new link takes the old one's name. */
  async switchTo(release: string | null): Promise<void> {
    const current = join(this.root, 'current');
    if (release === null) {
      await rm(current, { force: true });
    } else {
      const part = join(this.notes, '.current.part');
      await rm(part, { force: true });
      await symlink(`releases/${release}`, part);
      await rename(part, current);
    }
    await syncFolder(this.root);
  }

  /** Removes what is too much: all but the newest `keep` and those named; and what was begun two days ago and never finished. */
  async prune(keep: number, spared: readonly (string | null)[]): Promise<number> {
    const all = await this.list();
    const superfluous = all.slice(keep).filter((release) => !spared.includes(release));
    for (const release of superfluous) {
      await rename(join(this.releases, release), join(this.releases, `.old-${release}`));
      for (const kind of ['ready', 'replaced', 'json']) await rm(join(this.notes, `${release}.${kind}`), { force: true });
    }
    for (const name of await readdir(this.releases)) {
      if (name.startsWith('.old-') || (name.startsWith('.new-') && (await this.#isAbandoned(name)))) await removeTree(join(this.releases, name));
    }
    await this.#forgetRollbacks();
    return superfluous.length;
  }

  /** What is sent from elsewhere is made without the lock; nobody sends for so long without a change. */
  async #isAbandoned(name: string): Promise<boolean> {
    return Date.now() - (await lstat(join(this.releases, name))).ctimeMs > ABANDONED_MS;
  }

  /** Those to releases that are gone tell nothing any more. */
  async #forgetRollbacks(): Promise<void> {
    for (const name of await readdir(this.notes)) {
      if (!name.endsWith('.rollback')) continue;
      const target = (await this.read(name))?.trim().split(' ')[1] ?? '';
      if (!(await this.has(target))) await rm(join(this.notes, name), { force: true });
    }
  }
}

export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (!failedWith(error, 'EACCES', 'EPERM')) throw error;
    await makeWritable(path);
    await rm(path, { recursive: true, force: true });
  }
}

/** A folder that may not be written lets nothing in it be removed. */
async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true })) if (entry.isDirectory()) await makeWritable(join(folder, entry.name));
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (failedWith(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

import { lstat, readdir, readlink, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** Of one package. More than this is no plugin somebody could have looked at. */
const MAX_FILES = 20_000;
const MAX_BYTES = 256 * 1024 * 1024;

export interface PackageFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly executable: boolean;
  readonly bytes: number;
  /** Of a link: where it leads, as it is written. */
  readonly link?: string;
  /** The same as long as nobody has written to the file: a change of its bytes always changes the time of its last change of state. */
  readonly stamp: string;
  readonly changedAtMs: number;
}

export type PackageFiles = { readonly ok: true; readonly files: readonly PackageFile[] } | { readonly ok: false; readonly problem: string };

/** Whether what is there belongs to a package: all but what was installed beside it, and what git keeps of it. */
export function isOfPackage(path: string): boolean {
  const names = path.split('/');
  return !names.includes('node_modules') && names[0] !== '.git';
}

/**
 * The files and links of a package, in the order of their paths. Refused: links that lead out of the package or nowhere, what is neither
 * file nor link nor folder, and packages of too many files or bytes. `root` has no links in it.
 */
export async function listPackageFiles(root: string): Promise<PackageFiles> {
  const files: PackageFile[] = [];
  let bytes = 0;
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const below = folder === '' ? '' : `${folder}/`;
    const entries = (await readdir(join(root, folder), { withFileTypes: true })).filter(({ name }) => isOfPackage(below + name));
    if (files.length + entries.length > MAX_FILES) return { ok: false, problem: `it has more than ${String(MAX_FILES)} files` };
    for (const entry of entries) if (entry.isDirectory()) folders.push(below + entry.name);
    const found = await Promise.all(entries.filter((entry) => !entry.isDirectory()).map((entry) => readEntry(root, below + entry.name)));
    for (const file of found) {
      if (typeof file === 'string') return { ok: false, problem: file };
      files.push(file);
      bytes += file.bytes;
    }
    if (bytes > MAX_BYTES) return { ok: false, problem: `it is larger than ${String(MAX_BYTES)} bytes` };
  }
  return { ok: true, files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

async function readEntry(root: string, path: string): Promise<PackageFile | string> {
  const file = join(root, path);
  const { dev, ino, mode, size, mtimeNs, ctimeNs, ctimeMs, ...kind } = await statOf(file);
  const stamp = [dev, ino, mode, size, mtimeNs, ctimeNs].join(':');
  const common = { path, stamp, changedAtMs: Number(ctimeMs) };
  if (kind.isFile) return { ...common, executable: (mode & 0o111n) !== 0n, bytes: Number(size) };
  if (!kind.isLink) return `${path} is neither a file nor a folder`;
  const target = await realpath(file).catch(() => undefined);
  if (target === undefined) return `the link ${path} leads nowhere`;
  const inside = target.startsWith(root + sep) && isOfPackage(target.slice(root.length + 1).split(sep).join('/'));
  if (!inside) return `the link ${path} leads out of the package`;
  return { ...common, executable: false, bytes: 0, link: await readlink(file) };
}

async function statOf(file: string) {
  const stats = await lstat(file, { bigint: true });
  const { dev, ino, mode, size, mtimeNs, ctimeNs, ctimeMs } = stats;
  return { dev, ino, mode, size, mtimeNs, ctimeNs, ctimeMs, isFile: stats.isFile(), isLink: stats.isSymbolicLink() };
}

import { join } from 'node:path';

import type { SourceEntry } from '../release/requests.js';
import type { Git } from './open-git.js';

/**
 * The tree of a source, byte for byte: no filter, no conversion of line ends, no ignored files, whatever a repository around
 * or attributes inside say. `index` is a file that is not there yet.
 */
export async function writeTree(git: Git, { root, entries, index }: { readonly root: string; readonly entries: readonly SourceEntry[]; readonly index: string }): Promise<string> {
  const files = entries.filter((entry) => entry.kind === 'file');
  const names = files.map(({ path }) => `${quoted(join(root, path))}\n`).join('');
  const hashed = files.length === 0 ? [] : (await git(['hash-object', '-w', '--no-filters', '--stdin-paths'], { input: names })).stdout.trim().split('\n');
  if (hashed.length !== files.length) throw Object.assign(new Error('git did not take every file of the source'), { code: 'GIT_FAILED' });
  const lines = files.map(({ path, mode }, at) => indexLine((mode & 0o100) === 0 ? '100644' : '100755', hashed[at] ?? '', path));
  for (const entry of entries) {
    if (entry.kind !== 'link') continue;
    const written = await git(['hash-object', '-w', '--stdin'], { input: entry.leadsTo });
    lines.push(indexLine('120000', written.stdout.trim(), entry.path));
  }
  const env = { GIT_INDEX_FILE: index };
  await git(['update-index', '--add', '-z', '--index-info'], { input: lines.join(''), env });
  return (await git(['write-tree'], { env })).stdout.trim();
}

function indexLine(mode: string, id: string, path: string): string {
  return `${mode} ${id}\t${path}\0`;
}

/** As git quotes names in its own lists, so that a name may hold anything. */
function quoted(path: string): string {
  const bytes = Buffer.from(path);
  const plain = bytes.every((byte) => byte >= 0x20 && byte !== 0x22 && byte !== 0x5c);
  if (plain) return path;
  return `"${[...bytes].map((byte) => (byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`)).join('')}"`;
}

import { randomBytes } from 'node:crypto';

import type { PluginFiles } from '@kb-labs/sdk';

import { packIndex, type SearchIndex, unpackIndex } from './search-index.js';

const FOLDER = '.kb/mind';
const NAME = /^\.kb\/mind\/(\d{10})-[0-9a-f]{8}\.(?:index|vectors)$/;

/** The newest index that is whole. `undefined`: there is none. */
export async function loadIndex(fs: PluginFiles): Promise<SearchIndex | undefined> {
  const indexes = (await fs.list(`${FOLDER}/*.index`)).filter((path) => NAME.test(path));
  for (const path of indexes.toSorted().toReversed()) {
    // Another step may have put a newer one in its place and removed this one: then the next is tried, and at worst it is made again.
    const bytes = await fs.readBytes(path).catch(() => undefined);
    const index = bytes === undefined ? undefined : unpackIndex(bytes);
    if (index !== undefined) return index;
  }
  return undefined;
}

/**
 * Puts a new index in the place of the earlier ones: as a file of its own with the next number, and only then those go. A crash leaves the
 * earlier one as it was, and a file that is not whole and is passed over. Of two steps at once each leaves a whole one.
 */
export async function saveIndex(fs: PluginFiles, index: SearchIndex, vectors?: Uint8Array): Promise<void> {
  const there = (await fs.list(`${FOLDER}/*`)).filter((path) => NAME.test(path));
  const number = Math.max(0, ...there.map(numberOf)) + 1;
  const name = `${String(number).padStart(10, '0')}-${randomBytes(4).toString('hex')}`;
  const { vectors: _, ...header } = index.header;
  const path = `${FOLDER}/${name}`;
  // Nobody wants to see these among the changes of a commit.
  await fs.write(`${FOLDER}/.gitignore`, '*\n');
  if (vectors !== undefined) await fs.write(`${path}.vectors`, vectors);
  await fs.write(`${path}.index`, packIndex({ ...index, header: vectors === undefined ? header : { ...header, vectors: `${path}.vectors` } }));
  for (const old of there) if (numberOf(old) < number) await fs.remove(old);
}

/** The vectors that belong to an index. `undefined`: it has none. */
export async function loadVectors(fs: PluginFiles, { header }: SearchIndex): Promise<Uint8Array | undefined> {
  if (header.vectors === undefined || !NAME.test(header.vectors)) return undefined;
  return fs.readBytes(header.vectors).catch(() => undefined);
}

function numberOf(path: string): number {
  return Number(NAME.exec(path)?.[1] ?? 0);
}

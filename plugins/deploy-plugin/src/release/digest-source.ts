import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';

import type { SourceEntry } from './requests.js';
import { sideBySide } from './side-by-side.js';

export interface SourceSum {
  readonly digest: string;
  readonly files: number;
  readonly bytes: number;
}

/** Reads every file. Entries are sorted by path. */
export async function digestSource(root: string, entries: readonly SourceEntry[]): Promise<SourceSum> {
  const sums = await sideBySide(entries, (entry) => (entry.kind === 'file' ? hashFile(join(root, entry.path)) : undefined));
  return sumUp(entries, (at) => sums[at]);
}

/** The digest of a tree: over one line of JSON for each entry, with the SHA-256 of what a file holds. */
export function sumUp(entries: readonly SourceEntry[], hashAt: (at: number) => FileSum | undefined): SourceSum {
  const whole = createHash('sha256');
  let [files, bytes] = [0, 0];
  for (const [at, entry] of entries.entries()) {
    const sum = hashAt(at);
    if (entry.kind !== 'folder') files += 1;
    bytes += sum?.bytes ?? 0;
    const detail = entry.kind === 'link' ? [entry.leadsTo] : [entry.mode.toString(8), sum?.hash ?? ''];
    whole.update(`${JSON.stringify([entry.kind, entry.path, ...detail])}\n`);
  }
  return { digest: `sha256:${whole.digest('hex')}`, files, bytes };
}

export interface FileSum {
  readonly hash: string;
  readonly bytes: number;
}

async function hashFile(file: string): Promise<FileSum> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const part of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(part);
    bytes += part.length;
  }
  return { hash: hash.digest('hex'), bytes };
}

import { createHash } from 'node:crypto';

import type { FileStat, PluginContext } from '@kb-labs/sdk';

import { listFiles } from '../files/list-files.js';
import type { SkipReason } from '../files/passed-over.js';
import { toText } from '../files/to-text.js';
import type { Passage } from '../passages/passage.js';
import { splitPassages } from '../passages/split-passages.js';
import { IndexBuilder } from './index-builder.js';
import type { IndexedFile, IndexSelection, SearchIndex } from './search-index.js';

export interface RefreshOptions {
  readonly earlier: SearchIndex | undefined;
  readonly selection: IndexSelection;
  /** Reads also what looks unchanged. */
  readonly force?: boolean;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export interface Refreshed {
  readonly index: SearchIndex;
  /** Nothing in it differs from the earlier one. */
  readonly same: boolean;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly unchanged: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly read: { readonly files: number; readonly bytes: number };
}

/** Read at once: what is in memory of the files is at most so many times the largest one. */
const AT_A_TIME = 32;

/** File systems tell times in steps of up to two seconds: of a file changed so lately, the time says nothing yet. */
const SETTLES_MS = 2_000;

type Look =
  | { readonly is: 'skipped'; readonly reason: SkipReason }
  | { readonly is: 'kept'; readonly place: number; readonly file: IndexedFile; readonly bytesRead?: number }
  | { readonly is: 'read'; readonly known: boolean; readonly file: Omit<IndexedFile, 'passages'>; readonly passages: readonly Passage[]; readonly bytesRead: number };

/** An index of what is in the workspace now. Files that have the size and time they had are not read; of the others the content decides. */
export async function refreshIndex(ctx: PluginContext, { earlier, selection, force = false, now = Date.now }: RefreshOptions): Promise<Refreshed> {
  const { paths, skipped: byName } = await listFiles(ctx, selection);
  const places = new Map(earlier?.files.map((file, place) => [file.path, place]));
  const builder = new IndexBuilder(earlier);
  const skipped = new Map<string, number>(byName);
  const skip = (reason: string): void => void skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
  const read = { files: 0, bytes: 0 };
  const count = { added: 0, changed: 0, unchanged: 0, kept: 0 };
  let same = earlier !== undefined;
  /** Progress is told ten times: each time is a line of the log. */
  const tenth = (done: number): number => Math.floor((10 * done) / paths.length);
  for (let from = 0; from < paths.length; from += AT_A_TIME) {
    ctx.signal.throwIfAborted();
    const looks = await Promise.all(paths.slice(from, from + AT_A_TIME).map((path) => lookAt(ctx, path, { earlier, place: places.get(path), selection, force, now })));
    for (const look of looks) {
      if (look.is === 'skipped') {
        skip(look.reason);
        continue;
      }
      if (look.bytesRead !== undefined) {
        read.files += 1;
        read.bytes += look.bytesRead;
      }
      if (look.file.skipped !== undefined) skip(look.file.skipped);
      if (look.is === 'kept') {
        builder.keep(look.place, look.file);
        count.kept += 1;
        if (look.file.passages > 0) count.unchanged += 1;
        if (look.file !== earlier?.files[look.place]) same = false;
      } else {
        builder.add(look.file, look.passages);
        same = false;
        if (look.file.skipped === undefined) count[look.known ? 'changed' : 'added'] += 1;
      }
    }
    const done = Math.min(from + AT_A_TIME, paths.length);
    if (tenth(done) > tenth(from)) ctx.progress(done / paths.length, `${String(done)} of ${String(paths.length)} files`);
  }
  const isThere = new Set(paths);
  const removed = earlier?.files.filter((file) => file.skipped === undefined && !isThere.has(file.path)).length ?? 0;
  if (earlier === undefined || count.kept !== earlier.files.length || JSON.stringify(selection) !== JSON.stringify(earlier.header.selection)) same = false;
  const index = same && earlier !== undefined ? earlier : await builder.build({ at: now(), selection });
  return { index, same, added: count.added, changed: count.changed, removed, unchanged: count.unchanged, skipped: Object.fromEntries([...skipped].sort()), read };
}

interface LookOptions {
  readonly earlier: SearchIndex | undefined;
  readonly place: number | undefined;
  readonly selection: IndexSelection;
  readonly force: boolean;
  readonly now: () => number;
}

async function lookAt(ctx: PluginContext, path: string, { earlier, place, selection, force, now }: LookOptions): Promise<Look> {
  const known = place === undefined ? undefined : earlier?.files[place];
  let stat: FileStat;
  let bytes: Uint8Array;
  const asked = now();
  try {
    stat = await ctx.fs.stat(path);
    if (stat.kind !== 'file') return { is: 'skipped', reason: 'unreadable' };
    if (stat.bytes > selection.maxFileBytes) return { is: 'skipped', reason: 'too-large' };
    const looksSame = known?.settled === true && known.bytes === stat.bytes && known.modifiedAt === stat.modifiedAt;
    if (looksSame && !force && place !== undefined) return { is: 'kept', place, file: known };
    bytes = await ctx.fs.readBytes(path);
  } catch (error) {
    ctx.signal.throwIfAborted();
    return { is: 'skipped', reason: isDenied(error) ? 'not-granted' : 'unreadable' };
  }
  // It may have grown in between.
  if (bytes.byteLength > selection.maxFileBytes) return { is: 'skipped', reason: 'too-large' };
  const hash = hashOf(bytes);
  const file = { path, bytes: stat.bytes, modifiedAt: stat.modifiedAt, hash, settled: stat.modifiedAt + SETTLES_MS < asked };
  if (known?.hash === hash && place !== undefined) return { is: 'kept', place, file: sameAs(known, { ...known, ...file }), bytesRead: bytes.byteLength };
  const text = toText(bytes);
  const found = { known: known !== undefined, bytesRead: bytes.byteLength };
  if (!text.ok) return { is: 'read', file: { ...file, skipped: text.reason }, passages: [], ...found };
  return { is: 'read', file, passages: splitPassages(path, text.text), ...found };
}

export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function sameAs(known: IndexedFile, now: IndexedFile): IndexedFile {
  return known.bytes === now.bytes && known.modifiedAt === now.modifiedAt && known.settled === now.settled ? known : now;
}

/** A link out of the workspace, or something that the document does not grant. */
export function isDenied(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'PERMISSION_DENIED';
}

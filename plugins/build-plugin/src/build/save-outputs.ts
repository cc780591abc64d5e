import { createHash } from 'node:crypto';

import type { PluginContext } from '@kb-labs/sdk';

import type { OutputFile } from './find-outputs.js';

/** A row of build.json. `artifact` is the name it is kept under, and `left` why it is not kept. */
export interface SavedOutput {
  path: string;
  bytes: number;
  /** Hex. Left out for what is too large to be kept. */
  sha256?: string;
  artifact?: string;
  left?: 'too many files' | 'too large';
}

export interface SaveLimits {
  readonly maxFiles: number;
  /** Of all files kept. */
  readonly maxBytes: number;
}

/** Hashes of files that are not kept either are worth reading them up to here. */
const HASH_BYTES = 64 * 1024 * 1024;
const NAME_LENGTH = 240;

/** Keeps each file as an artifact while the limits hold: source maps last, for they are the first that can be missed. */
export async function saveOutputs(ctx: Pick<PluginContext, 'fs' | 'artifacts' | 'signal'>, files: readonly OutputFile[], { maxFiles, maxBytes }: SaveLimits): Promise<SavedOutput[]> {
  const names = new Set<string>();
  const rows: SavedOutput[] = [];
  let bytesLeft = maxBytes;
  for (const file of inOrder(files)) {
    ctx.signal.throwIfAborted();
    const row: SavedOutput = { path: file.path, bytes: file.bytes };
    rows.push(row);
    if (file.bytes > bytesLeft || names.size >= maxFiles) row.left = names.size >= maxFiles ? 'too many files' : 'too large';
    if (row.left !== undefined && file.bytes > HASH_BYTES) continue;
    const content = await ctx.fs.readBytes(file.path);
    row.sha256 = createHash('sha256').update(content).digest('hex');
    if (row.left !== undefined) continue;
    row.artifact = nameFor(file.path, names);
    bytesLeft -= content.length;
    await ctx.artifacts.save({ name: row.artifact, content });
  }
  return rows.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function inOrder(files: readonly OutputFile[]): OutputFile[] {
  const isMap = ({ path }: OutputFile): boolean => path.endsWith('.map');
  return [...files.filter((file) => !isMap(file)), ...files.filter(isMap)];
}

/** Names of artifacts know fewer letters than names of files: what had to be replaced is told apart by a digest of the path. */
function nameFor(path: string, taken: Set<string>): string {
  const plain = `outputs/${path.replace(/[^A-Za-z0-9._/-]/g, '_')}`;
  const name = plain === `outputs/${path}` && plain.length <= NAME_LENGTH ? plain : marked(plain, path);
  taken.add(name);
  return name;
}

function marked(plain: string, path: string): string {
  const digest = createHash('sha256').update(path).digest('hex').slice(0, 12);
  const dot = plain.lastIndexOf('.');
  const extension = dot > plain.lastIndexOf('/') + 1 ? plain.slice(dot).slice(0, 20) : '';
  const stem = plain.slice(0, plain.length - (extension === '' ? 0 : plain.length - dot)).slice(0, NAME_LENGTH - extension.length - 13);
  return `${stem}-${digest}${extension}`;
}

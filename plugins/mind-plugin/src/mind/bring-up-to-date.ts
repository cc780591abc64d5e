import type { PluginContext } from '@kb-labs/sdk';

import { loadVectors, saveIndex } from '../store/index-folder.js';
import { isDenied, refreshIndex, type Refreshed, type RefreshOptions } from '../store/refresh-index.js';
import type { SearchIndex } from '../store/search-index.js';
import { embedPassages } from '../vectors/embed-passages.js';
import { carryOver, isComplete, packVectors, unpackVectors, type VectorTable } from '../vectors/vector-table.js';
import { configured } from './configured.js';

export interface UpToDate extends Refreshed {
  readonly vectors?: VectorTable;
  /** Every passage has a vector. */
  readonly embeddings: boolean;
}

export interface Update extends RefreshOptions {
  /** `always` also asks whether the model is still the one that the vectors are of. */
  readonly embed: 'always' | 'missing' | 'never';
  /** `if-granted`: where the document does not let it be stored, it is used all the same, this once. */
  readonly store: 'always' | 'if-granted';
}

/** Refreshes the index and its vectors, and stores what has changed. */
export async function bringUpToDate(ctx: PluginContext, { embed, store, ...options }: Update): Promise<UpToDate> {
  const { earlier } = options;
  const refreshed = await refreshIndex(ctx, options);
  const { index, same } = refreshed;
  const stored = earlier === undefined ? undefined : await storedVectors(ctx, earlier);
  const known = stored === undefined || earlier === undefined || same ? stored : carryOver(stored, earlier.passages, index.passages);
  const isWanted = embed === 'always' || (embed === 'missing' && (known === undefined || !isComplete(known)));
  const embedded = isWanted && (await configured(ctx)).embeddings ? await tryToEmbed(ctx, index, known) : undefined;
  const vectors = embedded?.table ?? known;
  const areNew = embedded !== undefined && (embedded.asked > 0 || embedded.table !== known);
  if (!same || areNew) {
    await saveIndex(ctx.fs, index, vectors === undefined ? undefined : packVectors(vectors)).catch((error: unknown) => {
      if (store === 'always' || !isDenied(error)) throw error;
      ctx.log.warn('the index is not stored: the document does not grant writing to .kb/mind');
    });
  }
  return { ...refreshed, ...(vectors === undefined ? {} : { vectors }), embeddings: vectors !== undefined && isComplete(vectors) };
}

/** `undefined`: there are none, or they are not of this index. */
export async function storedVectors(ctx: PluginContext, index: SearchIndex): Promise<VectorTable | undefined> {
  const bytes = await loadVectors(ctx.fs, index);
  const table = bytes === undefined ? undefined : unpackVectors(bytes);
  return table?.scales.length === index.passages.file.length && table.values.length === table.scales.length * table.dimensions ? table : undefined;
}

async function tryToEmbed(ctx: PluginContext, index: SearchIndex, known: VectorTable | undefined) {
  try {
    return await embedPassages(ctx, index, known);
  } catch (error) {
    ctx.signal.throwIfAborted();
    ctx.log.warn(`no vectors are made: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

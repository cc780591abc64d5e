import type { PluginContext } from '@kb-labs/sdk';

import { toText } from '../files/to-text.js';
import { splitPassages } from '../passages/split-passages.js';
import { embeddedText } from '../store/index-builder.js';
import { hashOf } from '../store/refresh-index.js';
import type { SearchIndex } from '../store/search-index.js';
import { emptyTable, isComplete, putVector, type VectorTable } from './vector-table.js';

/** Texts of one request, in number and characters. */
const TEXTS_AT_A_TIME = 64;
const CHARS_AT_A_TIME = 60_000;

/** More, and services refuse the text. */
const TEXT_CHARS = 6_000;

export interface Embedded {
  readonly table: VectorTable;
  /** Every passage has a vector. */
  readonly complete: boolean;
  /** Texts that a vector was asked for. */
  readonly asked: number;
}

/**
 * A vector for each passage of the index: those that are `known` stay, if they are of the model that answers now. One text is always sent, to know
 * which one that is. When the model fails, what it has answered until then is kept for the next time.
 */
export async function embedPassages(ctx: PluginContext, index: SearchIndex, known?: VectorTable): Promise<Embedded> {
  const { model, vectors } = await ctx.llm.embed(['model']);
  const dimensions = vectors[0]?.length ?? 0;
  const count = index.passages.file.length;
  const table = known?.model === model && known.dimensions === dimensions ? known : emptyTable(model, dimensions, count);
  let asked = 0;
  /** Progress is told ten times: each time is a line of the log. */
  let told = 0;
  try {
    for await (const texts of missingTexts(ctx, index, table)) {
      const answer = await ctx.llm.embed(texts.map(({ text }) => text));
      asked += texts.length;
      if (answer.model !== model) throw new Error(`the model of the vectors changed from ${model} to ${answer.model} on the way`);
      for (const [at, { passage }] of texts.entries()) putVector(table, passage, answer.vectors[at] ?? []);
      const now = table.scales.filter((scale) => scale !== 0).length;
      if (now >= told + count / 10) {
        told = now;
        ctx.progress(now / count, 'vectors');
      }
    }
  } catch (error) {
    ctx.signal.throwIfAborted();
    ctx.log.warn(`vectors are missing, and are made the next time: ${error instanceof Error ? error.message : String(error)}`);
  }
  return { table, complete: isComplete(table), asked };
}

interface MissingText {
  readonly passage: number;
  readonly text: string;
}

/** Reads the files again whose passages have no vector: what they say is not in the index. A file that has changed since is left for the next time. */
async function* missingTexts(ctx: PluginContext, { files, passages }: SearchIndex, table: VectorTable): AsyncGenerator<readonly MissingText[]> {
  let batch: MissingText[] = [];
  let chars = 0;
  let first = 0;
  for (const file of files) {
    ctx.signal.throwIfAborted();
    const from = first;
    first += file.passages;
    if (table.scales.subarray(from, first).every((scale) => scale !== 0)) continue;
    const bytes = await ctx.fs.readBytes(file.path).catch(() => undefined);
    if (bytes === undefined || hashOf(bytes) !== file.hash) continue;
    const text = toText(bytes);
    const byLine = new Map(text.ok ? splitPassages(file.path, text.text).map((passage) => [passage.startLine, passage]) : []);
    for (let at = from; at < first; at += 1) {
      const passage = byLine.get(passages.startLine[at] ?? 0);
      if (table.scales[at] !== 0 || passage === undefined) continue;
      const missing = embeddedText(file.path, passage).slice(0, TEXT_CHARS);
      if (batch.length >= TEXTS_AT_A_TIME || chars + missing.length > CHARS_AT_A_TIME) {
        yield batch;
        batch = [];
        chars = 0;
      }
      batch.push({ passage: at, text: missing });
      chars += missing.length;
    }
  }
  if (batch.length > 0) yield batch;
}

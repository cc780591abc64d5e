import type { LlmEmbeddings } from '@kb-labs/contracts';

import { LlmFailure } from './llm-failure.js';
import type { Embedded } from './openai-service.js';

/** Of one request. */
const BATCH_TEXTS = 64;
const BATCH_CHARACTERS = 200_000;

/** One vector for each text, in batches one after the other: what a service takes at once, and what its answer may hold, is bounded. */
export async function embedTexts(model: string, texts: readonly string[], send: (batch: readonly string[]) => Promise<Embedded>): Promise<LlmEmbeddings> {
  const vectors: (readonly number[])[] = [];
  let told = model;
  let promptTokens = 0;
  for (const batch of batches(texts)) {
    const embedded = await send(batch);
    for (const vector of inOrder(embedded, batch.length)) {
      if (vectors.length > 0 && vector.length !== vectors[0]?.length) throw useless(`a vector has ${String(vector.length)} numbers and another ${String(vectors[0]?.length)}`);
      vectors.push(vector);
    }
    told = embedded.model;
    promptTokens += embedded.promptTokens;
  }
  return { vectors, model: told, usage: { promptTokens, answerTokens: 0 } };
}

function* batches(texts: readonly string[]): Generator<readonly string[]> {
  let batch: string[] = [];
  let characters = 0;
  for (const text of texts) {
    if (batch.length > 0 && (batch.length >= BATCH_TEXTS || characters + text.length > BATCH_CHARACTERS)) {
      yield batch;
      batch = [];
      characters = 0;
    }
    // Services refuse a text of nothing, and with it all others.
    batch.push(text === '' ? ' ' : text);
    characters += text.length;
  }
  if (batch.length > 0) yield batch;
}

function inOrder({ items }: Embedded, count: number): readonly (readonly number[])[] {
  const vectors = new Map<unknown, unknown>(items.map(({ index, vector }) => [index, vector]));
  if (items.length !== count) throw useless(`it gave ${String(items.length)} vectors for ${String(count)} texts`);
  return Array.from({ length: count }, (_, at) => {
    const vector = vectors.get(at);
    if (!Array.isArray(vector) || vector.length === 0 || !vector.every((number) => typeof number === 'number' && Number.isFinite(number))) throw useless(`there is no vector for text ${String(at + 1)}`);
    return vector as readonly number[];
  });
}

function useless(problem: string): LlmFailure {
  return new LlmFailure(`its embeddings cannot be used: ${problem}`, { kbRetry: 'never' });
}

import type { JsonObject, LlmUsage } from '@kb-labs/contracts';

import { answerCheck } from './answer-check.js';
import { LlmFailure } from './llm-failure.js';
import { addUsage, type Ask, NO_USAGE, type Told } from './service.js';

export interface StructuredAnswer {
  readonly told: Told;
  readonly value: unknown;
  /** Of all that was asked on the way. */
  readonly usage: LlmUsage;
}

/** Of the schemas that a service did not take; they are forgotten all at once when they are more. */
const REMEMBERED = 100;

export interface Structuring {
  readonly send: (ask: Ask) => Promise<Told>;
  /** Schemas that the service refused. */
  readonly refused: Set<string>;
}

/**
 * An answer that fits a schema. Where the service can keep the model to it, it does; where it refuses to, the model is told. What comes
 * back is checked either way, and the model gets one chance to put right what does not fit.
 */
export async function structuredAnswer(ask: Ask, schema: JsonObject, { send, refused }: Structuring): Promise<StructuredAnswer> {
  const check = await answerCheck(schema);
  const first = await askFirst(ask, schema, { send, refused });
  const found = check(first.text);
  if (found.ok) return { told: first, value: found.value, usage: first.usage };
  requireWhole(first, ask.maxTokens, first.usage);
  const second = await send(corrected(ask, { schema, answer: first.text, problem: found.problem })).catch((error: unknown) => {
    throw error instanceof LlmFailure ? withUsage(error, first.usage) : error;
  });
  const usage = addUsage(first.usage, second.usage);
  const again = check(second.text);
  if (again.ok) return { told: second, value: again.value, usage };
  requireWhole(second, ask.maxTokens, usage);
  throw new LlmFailure(`its answer does not fit the schema: ${again.problem}`, { usage });
}

async function askFirst(ask: Ask, schema: JsonObject, { send, refused }: Structuring): Promise<Told> {
  const written = JSON.stringify(schema);
  // Services take schemas of objects only.
  if (schema['type'] !== 'object' || refused.has(written)) return send(instructed(ask, written));
  try {
    return await send({ ...ask, format: schema });
  } catch (error) {
    if (!(error instanceof LlmFailure) || (error.httpStatus !== 400 && error.httpStatus !== 422)) throw error;
    const told = await send(instructed(ask, written));
    if (refused.size >= REMEMBERED) refused.clear();
    refused.add(written);
    return told;
  }
}

function instructed(ask: Ask, schema: string): Ask {
  const rule = `Answer with one JSON value and nothing else: no explanation, no fence. It has to fit this JSON Schema:\n${schema}`;
  return { ...ask, system: ask.system === undefined ? rule : `${ask.system}\n\n${rule}` };
}

function corrected(ask: Ask, { schema, answer, problem }: { readonly schema: JsonObject; readonly answer: string; readonly problem: string }): Ask {
  const written = JSON.stringify(schema);
  const correction = `That answer cannot be used: ${problem}\nGive the whole answer again as one JSON value that fits this JSON Schema, and nothing else:\n${written}`;
  return { ...instructed(ask, written), messages: [...ask.messages, { role: 'assistant', content: answer }, { role: 'user', content: correction }] };
}

function requireWhole({ cut }: Told, maxTokens: number, usage: LlmUsage): void {
  if (cut) throw new LlmFailure(`the answer did not end within ${String(maxTokens)} tokens`, { kbRetry: 'never', usage });
}

function withUsage(failure: LlmFailure, before: LlmUsage): LlmFailure {
  return Object.assign(failure, { usage: addUsage(before, failure.usage ?? NO_USAGE) });
}

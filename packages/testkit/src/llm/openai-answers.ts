import type { JsonObject, JsonValue } from '@kb-labs/contracts';

import { embedWords } from './embed-words.js';
import type { LlmServerAnswer } from './llm-server-answer.js';
import { countWords, type Reply, spoken } from './reply.js';

interface Asked {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: JsonObject;
}

/** The refusal of a request that a service would not take, or nothing. */
export function refuseOpenai({ headers, body }: Asked, key: string | undefined): Reply | undefined {
  if (key !== undefined && headers['authorization'] !== `Bearer ${key}`) return refuse(401, 'Incorrect API key provided');
  if (typeof body['model'] !== 'string' || body['model'] === '') return refuse(400, 'you must provide a model parameter');
  const { input, messages } = body;
  if (input !== undefined) {
    const texts = typeof input === 'string' ? [input] : input;
    return Array.isArray(texts) && texts.length > 0 && texts.length <= 2_048 && texts.every((text) => typeof text === 'string' && text !== '') ? undefined : refuse(400, "'$.input' is invalid");
  }
  const isMessage = (message: JsonValue): boolean =>
    typeof message === 'object' && message !== null && !Array.isArray(message) && ['system', 'developer', 'user', 'assistant'].includes(String(message['role'])) && typeof message['content'] === 'string';
  return Array.isArray(messages) && messages.length > 0 && messages.every(isMessage) ? undefined : refuse(400, "Invalid type for 'messages'");
}

export function answerChat(body: JsonObject, answer: LlmServerAnswer): Reply {
  const result = spoken(answer, refusal);
  if ('reply' in result) return result.reply;
  const { text, promptTokens = countWords(JSON.stringify(body['messages'])), answerTokens = countWords(text), cut = false } = result.said;
  return {
    status: 200,
    json: {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: String(body['model']),
      choices: [{ index: 0, message: { role: 'assistant', content: text, refusal: null }, logprobs: null, finish_reason: cut ? 'length' : 'stop' }],
      usage: { prompt_tokens: promptTokens, completion_tokens: answerTokens, total_tokens: promptTokens + answerTokens },
    },
  };
}

export function answerEmbeddings(body: JsonObject, answer: LlmServerAnswer, dimensions: number): Reply {
  const result = spoken(answer, refusal);
  if ('reply' in result) return result.reply;
  const texts = (typeof body['input'] === 'string' ? [body['input']] : body['input']) as readonly string[];
  const vectors = texts.map((text) => embedWords(text, dimensions));
  const shown = (vector: readonly number[]): JsonValue => (body['encoding_format'] === 'base64' ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : [...vector]);
  const words = texts.reduce((sum, text) => sum + countWords(text), 0);
  return {
    status: 200,
    json: {
      object: 'list',
      model: String(body['model']),
      data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: shown(vector) })),
      usage: { prompt_tokens: words, total_tokens: words },
    },
  };
}

function refuse(status: number, message: string): Reply {
  return { status, json: refusal(status, message) };
}

function refusal(status: number, message: string, code: string | null = null): JsonValue {
  return { error: { message, type: status === 429 ? 'rate_limit_exceeded' : status < 500 ? 'invalid_request_error' : 'server_error', param: null, code } };
}

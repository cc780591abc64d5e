import type { JsonObject, JsonValue } from '@kb-labs/contracts';

import type { LlmServerAnswer } from './llm-server-answer.js';
import { countWords, type Reply, spoken } from './reply.js';

interface Asked {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: JsonObject;
}

/** The refusal of a request that a service would not take, or nothing. */
export function refuseAnthropic({ headers, body }: Asked, key: string | undefined): Reply | undefined {
  if (key !== undefined && headers['x-api-key'] !== key && headers['authorization'] !== `Bearer ${key}`) return refuse(401, 'invalid x-api-key');
  if (headers['anthropic-version'] === undefined) return refuse(400, 'anthropic-version: header is required');
  if (typeof body['model'] !== 'string' || body['model'] === '') return refuse(400, 'model: Field required');
  if (typeof body['max_tokens'] !== 'number' || body['max_tokens'] < 1) return refuse(400, 'max_tokens: Field required');
  const { messages } = body;
  if (!Array.isArray(messages) || messages.length === 0) return refuse(400, 'messages: at least one message is required');
  const roles = messages.map((message) => (message as JsonObject)['role']);
  if (roles.some((role) => role !== 'user' && role !== 'assistant')) return refuse(400, 'messages.0.role: Input should be "user" or "assistant"');
  return roles[0] === 'user' ? undefined : refuse(400, 'messages: first message must use the "user" role');
}

export function answerAnthropic(body: JsonObject, answer: LlmServerAnswer): Reply {
  const result = spoken(answer, refusal);
  if ('reply' in result) return result.reply;
  const { text, promptTokens = countWords(JSON.stringify(body['messages'])), answerTokens = countWords(text), cut = false } = result.said;
  return {
    status: 200,
    json: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: String(body['model']),
      content: [{ type: 'text', text }],
      stop_reason: cut ? 'max_tokens' : 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: promptTokens, output_tokens: answerTokens },
    },
  };
}

function refuse(status: number, message: string): Reply {
  return { status, json: refusal(status, message) };
}

function refusal(status: number, message: string): JsonValue {
  const type = status === 429 ? 'rate_limit_error' : status === 529 ? 'overloaded_error' : status === 401 ? 'authentication_error' : status < 500 ? 'invalid_request_error' : 'api_error';
  return { type: 'error', error: { type, message } };
}

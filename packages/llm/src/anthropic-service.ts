import type { Anthropic } from '@anthropic-ai/sdk';

import { boundedFetch } from './bounded-fetch.js';
import { type Ask, type Connection, countOf, type Told } from './service.js';

const OWN_SERVICE = 'https://api.anthropic.com';

export async function askAnthropic({ model, system, messages, maxTokens, temperature, format }: Ask, connection: Connection): Promise<Told> {
  const client = await openClient(connection);
  const message = await client.messages.create(
    {
      model,
      max_tokens: maxTokens,
      messages: messages.map(({ role, content }) => ({ role, content })),
      ...(system === undefined ? {} : { system }),
      ...(temperature === undefined ? {} : { temperature }),
      ...(format === undefined ? {} : { output_config: { format: { type: 'json_schema' as const, schema: format } } }),
    },
    // Said per request, or the SDK refuses long answers by an estimate of its own.
    { signal: connection.signal, timeout: connection.timeoutMs },
  );
  return toTold(message, model);
}

/** What services that only look like Anthropic's may leave out, or get wrong. */
type LooseMessage = {
  readonly model?: unknown;
  readonly content?: readonly ({ readonly type?: unknown; readonly text?: unknown } | null)[];
  readonly stop_reason?: unknown;
  readonly usage?: { readonly input_tokens?: unknown; readonly cache_creation_input_tokens?: unknown; readonly cache_read_input_tokens?: unknown; readonly output_tokens?: unknown } | null;
} | null | undefined;

function toTold(message: LooseMessage, model: string): Told {
  const blocks = Array.isArray(message?.content) ? message.content : [];
  const { input_tokens: sent, cache_creation_input_tokens: cached, cache_read_input_tokens: read, output_tokens: said } = message?.usage ?? {};
  return {
    text: blocks.map((block) => (block?.type === 'text' && typeof block.text === 'string' ? block.text : '')).join(''),
    model: typeof message?.model === 'string' ? message.model : model,
    cut: message?.stop_reason === 'max_tokens' || message?.stop_reason === 'model_context_window_exceeded',
    ...(message?.stop_reason === 'refusal' ? { refusal: 'it gave no reason' } : {}),
    usage: { promptTokens: countOf(sent) + countOf(cached) + countOf(read), answerTokens: countOf(said) },
  };
}

/**
 * Everything that the SDK would else take from the environment of the process is said here. It sends the key as a bearer token; a
 * service that only looks like Anthropic's may know no more than the older header, and gets both.
 */
async function openClient({ url, key, timeoutMs }: Connection): Promise<Anthropic> {
  const { Anthropic } = await import('@anthropic-ai/sdk');
  return new Anthropic({
    baseURL: url ?? OWN_SERVICE,
    apiKey: key ?? 'none',
    webhookKey: null,
    ...(key === undefined ? { defaultHeaders: { Authorization: null } } : url === undefined ? {} : { defaultHeaders: { 'X-Api-Key': key } }),
    maxRetries: 0,
    timeout: timeoutMs,
    fetch: boundedFetch,
    logLevel: 'off',
  });
}

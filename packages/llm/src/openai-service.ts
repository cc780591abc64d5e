import type { OpenAI } from 'openai';

import { boundedFetch } from './bounded-fetch.js';
import { isStrictSchema } from './is-strict-schema.js';
import { type Ask, type Connection, countOf, type Told } from './service.js';

const OWN_SERVICE = 'https://api.openai.com/v1';
/** Services that know the newer name for the length of an answer; all others know the older one. */
const NEWER = /(^|\.)(openai\.com|azure\.com)$/;

export async function askOpenai({ model, system, messages, maxTokens, temperature, format }: Ask, connection: Connection): Promise<Told> {
  const client = await openClient(connection);
  const completion = await client.chat.completions.create(
    {
      model,
      messages: [...(system === undefined ? [] : [{ role: 'system' as const, content: system }]), ...messages.map(({ role, content }) => ({ role, content }))],
      ...(NEWER.test(new URL(connection.url ?? OWN_SERVICE).hostname) ? { max_completion_tokens: maxTokens } : { max_tokens: maxTokens }),
      ...(temperature === undefined ? {} : { temperature }),
      ...(format === undefined ? {} : { response_format: { type: 'json_schema' as const, json_schema: { name: 'answer', schema: format, strict: isStrictSchema(format) } } }),
    },
    { signal: connection.signal },
  );
  return toTold(completion, model);
}

export interface Embedded {
  /** In the order the service gave them. */
  readonly items: readonly { readonly index: unknown; readonly vector: unknown }[];
  readonly model: string;
  readonly promptTokens: number;
}

export async function embedByOpenai(model: string, texts: readonly string[], connection: Connection): Promise<Embedded> {
  const client = await openClient(connection);
  // Without a format the SDK asks for one that not every service has.
  const answer = (await client.embeddings.create({ model, input: [...texts], encoding_format: 'float' }, { signal: connection.signal })) as unknown as LooseEmbeddings;
  return {
    items: (Array.isArray(answer?.data) ? answer.data : []).map((item) => ({ index: item?.index, vector: item?.embedding })),
    model: typeof answer?.model === 'string' ? answer.model : model,
    promptTokens: countOf(answer?.usage?.prompt_tokens),
  };
}

/** What services that only look like OpenAI's may leave out, or get wrong. */
type LooseCompletion = {
  readonly model?: unknown;
  readonly choices?: readonly ({ readonly finish_reason?: unknown; readonly message?: { readonly content?: unknown; readonly refusal?: unknown } | null } | null)[];
  readonly usage?: { readonly prompt_tokens?: unknown; readonly completion_tokens?: unknown } | null;
} | null | undefined;

type LooseEmbeddings = {
  readonly model?: unknown;
  readonly data?: readonly ({ readonly index?: unknown; readonly embedding?: unknown } | null)[];
  readonly usage?: { readonly prompt_tokens?: unknown } | null;
} | null | undefined;

function toTold(completion: LooseCompletion, model: string): Told {
  const choice = Array.isArray(completion?.choices) ? completion.choices[0] : undefined;
  const { content, refusal } = choice?.message ?? {};
  return {
    text: typeof content === 'string' ? content : '',
    model: typeof completion?.model === 'string' ? completion.model : model,
    cut: choice?.finish_reason === 'length',
    ...(typeof refusal === 'string' && refusal !== '' ? { refusal } : choice?.finish_reason === 'content_filter' ? { refusal: 'its content filter stopped the answer' } : {}),
    usage: { promptTokens: countOf(completion?.usage?.prompt_tokens), answerTokens: countOf(completion?.usage?.completion_tokens) },
  };
}

/** Everything that the SDK would else take from the environment of the process is said here. */
async function openClient({ url, key, timeoutMs }: Connection): Promise<OpenAI> {
  const { OpenAI } = await import('openai');
  return new OpenAI({
    baseURL: url ?? OWN_SERVICE,
    apiKey: key ?? 'none',
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    ...(key === undefined ? { defaultHeaders: { Authorization: null } } : {}),
    maxRetries: 0,
    timeout: timeoutMs,
    fetch: boundedFetch,
    logLevel: 'off',
  });
}


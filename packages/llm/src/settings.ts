import type { Clock, Secrets } from '@kb-labs/ports';

export interface LlmSettings {
  /** Whose protocol the service speaks. */
  readonly provider: 'openai' | 'anthropic';
  readonly model: string;
  /** Base address, as the provider's own SDK takes it. The provider's own service when left out. */
  readonly url?: string;
  /** Name of the secret that holds the key. Left out: `LLM_API_KEY`, and a service at `url` is asked without a key when there is none. */
  readonly secret?: string;
  /** Of one request to the service. */
  readonly timeoutMs: number;
  /** Of one answer, whatever is asked for. */
  readonly maxTokens: number;
  readonly embeddings?: EmbeddingSettings;
}

/** Embeddings come from an OpenAI-compatible service. */
interface EmbeddingSettings {
  readonly model: string;
  /** That of the chat when left out, if its provider has embeddings. */
  readonly url?: string;
  /** Left out: the key of the chat, and none for a service of another origin. */
  readonly secret?: string;
}

export interface LlmDeps {
  readonly secrets: Pick<Secrets, 'get'>;
  readonly clock: Clock;
}

const DEFAULT_SECRET = 'LLM_API_KEY';

/** Where requests go, and which key they carry. */
export interface Endpoint {
  readonly url: string | undefined;
  /** Absent: it is asked without a key. */
  readonly secret?: { readonly name: string; readonly required: boolean };
}

export function chatEndpoint({ url, secret }: LlmSettings): Endpoint {
  return { url, secret: { name: secret ?? DEFAULT_SECRET, required: secret !== undefined || url === undefined } };
}

/** The key of one service never goes to another. */
export function embeddingEndpoint(settings: LlmSettings): Endpoint | undefined {
  const { provider, embeddings } = settings;
  if (embeddings === undefined) return undefined;
  const chat = chatEndpoint(settings);
  const { url, secret } = embeddings;
  if (secret !== undefined) return { url: url ?? chat.url, secret: { name: secret, required: true } };
  const sameService = provider === 'openai' && (url === undefined || (chat.url !== undefined && new URL(url).origin === new URL(chat.url).origin));
  return sameService ? { ...chat, url: url ?? chat.url } : { url };
}

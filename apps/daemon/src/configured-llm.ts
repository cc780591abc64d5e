import { parseDuration } from '@kb-labs/contracts';
import type { LlmSettings } from '@kb-labs/llm';

import { DEFAULTS } from './config.js';
import type { WrittenConfig } from './config-schema.js';

export function readLlm({ provider, model, url, secret, timeout, embeddings, 'max-tokens': maxTokens }: NonNullable<WrittenConfig['llm']>): LlmSettings {
  return Object.freeze({
    provider,
    model,
    ...(url === undefined ? {} : { url: bare(url) }),
    ...(secret === undefined ? {} : { secret }),
    timeoutMs: parseDuration(timeout ?? DEFAULTS.llmTimeout) ?? 0,
    maxTokens: maxTokens ?? DEFAULTS.llmMaxTokens,
    ...(embeddings === undefined
      ? {}
      : { embeddings: Object.freeze({ model: embeddings.model, ...(embeddings.url === undefined ? {} : { url: bare(embeddings.url) }), ...(embeddings.secret === undefined ? {} : { secret: embeddings.secret }) }) }),
  });
}

/** The SDKs put their paths behind it. */
function bare(url: string): string {
  return url.replace(/\/+$/, '');
}

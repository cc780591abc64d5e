import type { JsonValue, PluginLlm, PluginStorage } from '@kb-labs/contracts';

/** What the test says the model does. What it says nothing of fails as where no model is configured. */
export function testLlm(given: Partial<PluginLlm>): PluginLlm {
  const missing = async (): Promise<never> => {
    throw Object.assign(new Error('the test gives no language model'), { code: 'LLM_NOT_CONFIGURED' });
  };
  return {
    configured: async () => ({ chat: given.complete !== undefined, embeddings: given.embed !== undefined }),
    complete: missing,
    embed: missing,
    ...given,
  };
}

/** Keeps copies in memory, as JSON, so that a test sees what another step would. */
export function testStorage(kept: Map<string, JsonValue>): PluginStorage {
  return {
    get: async (key) => structuredClone(kept.get(key)),
    set: async (key, value) => void kept.set(key, JSON.parse(JSON.stringify(value)) as JsonValue),
    remove: async (key) => void kept.delete(key),
    keys: async (prefix = '') => [...kept.keys()].filter((key) => key.startsWith(prefix)).sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other))),
  };
}

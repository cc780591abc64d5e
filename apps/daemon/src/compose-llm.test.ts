import { fakeClock, startLlmServer } from '@kb-labs/testkit';
import { expect, it } from 'vitest';

import { composeLlm } from './compose-llm.js';

it('asks the model of the settings with the key that the project keeps', async () => {
  const server = await startLlmServer({ key: 'kept' });
  try {
    const settings = { provider: 'openai', model: 'm', url: server.openaiUrl, secret: 'MODEL_KEY', timeoutMs: 5_000, maxTokens: 100, embeddings: { model: 'e' } } as const;
    const llm = composeLlm(settings, { secrets: { get: (name) => Promise.resolve(name === 'MODEL_KEY' ? 'kept' : undefined) }, clock: fakeClock() });
    expect(await llm.configured()).toEqual({ chat: true, embeddings: true });
    const { signal } = new AbortController();
    expect(await llm.complete({ messages: [{ role: 'user', content: 'hello' }] }, signal)).toMatchObject({ text: 'ok', model: 'm' });
    expect((await llm.embed(['a'], signal)).vectors.length).toBe(1);
  } finally {
    await server.stop();
  }
});

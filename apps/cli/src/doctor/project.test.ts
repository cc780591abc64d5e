import type { Config } from '@kb-labs/daemon';
import { describe, expect, it } from 'vitest';

import { checkModel } from './project.js';

type Llm = NonNullable<Config['llm']>;

const anthropic: Llm = { provider: 'anthropic', model: 'm', timeoutMs: 1_000, maxTokens: 1_000 };
const local: Llm = { ...anthropic, provider: 'openai', url: 'http://127.0.0.1:11434/v1' };

describe('what kb doctor says of the language model', () => {
  it.each([
    ['the key of a provider', anthropic, 'LLM_API_KEY'],
    ['the key that the settings name', { ...anthropic, secret: 'MODEL_KEY' }, 'MODEL_KEY'],
    ['the key that they name for a service of their own', { ...local, secret: 'MODEL_KEY' }, 'MODEL_KEY'],
  ])('warns when %s is missing', async (_, llm, name) => {
    expect(await linesFor(llm, ['OTHER'])).toMatchObject([{ state: 'warn', name: 'llm', text: expect.stringContaining(`the secret ${name} is not there`) as unknown, advice: expect.stringContaining(`kb secret:set ${name}`) as unknown }]);
    expect(await linesFor(llm, ['OTHER', name])).toEqual([]);
  });

  it('is quiet where there is no model, and where a service of our own names no key', async () => {
    expect([await linesFor(undefined, []), await linesFor(local, [])]).toEqual([[], []]);
  });

  it('leaves a store of secrets that cannot be read to the line about secrets', async () => {
    expect(await checkModel({ config: { llm: anthropic }, deps: { secrets: { ...secretsOf([]), list: () => Promise.reject(new Error('no')) } } })).toEqual([]);
  });
});

function linesFor(llm: Llm | undefined, names: readonly string[]) {
  return checkModel({ config: llm === undefined ? {} : { llm }, deps: { secrets: secretsOf(names) } });
}

function secretsOf(names: readonly string[]) {
  return { get: () => Promise.resolve(undefined), list: () => Promise.resolve(names.map((name) => ({ name, from: 'env' as const, setAt: null }))), whereOf: () => '' };
}

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { AppError } from '@kb-labs/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { loadConfig } from './load-config.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kb-llm-config-'));
  mkdirSync(join(root, '.kb'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function load(text: string) {
  writeFileSync(join(root, '.kb/kb.config.yaml'), text);
  return loadConfig({ projectRoot: root, env: {} });
}

async function problems(text: string): Promise<unknown> {
  const error = await load(text).then(() => undefined, (thrown: unknown) => thrown as AppError);
  expect(error?.code).toBe('CONFIG_INVALID');
  return error?.details['diagnostics'];
}

describe('the language model of the settings', () => {
  it('is none unless one is named', async () => {
    const config = await load('concurrency: 1\n');
    expect([config.llm, config.origins.llm]).toEqual([undefined, 'default']);
  });

  it('has the defaults of what is left out', async () => {
    const config = await load('llm: { provider: anthropic, model: some-model }\n');
    expect([config.llm, config.origins.llm]).toEqual([{ provider: 'anthropic', model: 'some-model', timeoutMs: 120_000, maxTokens: 8_192 }, 'file']);
  });

  it('is taken as it is written, on this machine too', async () => {
    const text = 'llm:\n  provider: openai\n  url: http://127.0.0.1:11434/v1/\n  model: m\n  secret: MODEL_KEY\n  timeout: 30s\n  max-tokens: 500\n  embeddings: { model: e, url: "http://[::1]:8080/v1", secret: E }\n';
    expect((await load(text)).llm).toEqual({
      provider: 'openai', url: 'http://127.0.0.1:11434/v1', model: 'm', secret: 'MODEL_KEY', timeoutMs: 30_000, maxTokens: 500, embeddings: { model: 'e', url: 'http://[::1]:8080/v1', secret: 'E' },
    });
  });

  it.each<[string, string, number]>([
    ['no model', '{ provider: openai }', 1],
    ['a provider that is not known', '\n  provider: other\n  model: m', 2],
    ['a key in place of its name', '\n  provider: openai\n  model: m\n  secret: sk-123', 4],
    ['an address that is none', '\n  provider: openai\n  model: m\n  url: localhost', 4],
    ['an address with a password', '\n  provider: openai\n  model: m\n  url: http://a:b@host/', 4],
    ['a time that is too long', '\n  provider: openai\n  model: m\n  timeout: 6m', 4],
    ['a time that is too short', '\n  provider: openai\n  model: m\n  timeout: 500ms', 4],
    ['no tokens', '\n  provider: openai\n  model: m\n  max-tokens: 0', 4],
    ['a key that is not known', '\n  provider: openai\n  model: m\n  temperature: 1', 4],
    ['embeddings of a provider that has none', '\n  provider: anthropic\n  model: m\n  embeddings: { model: e }', 4],
  ])('is refused with %s, at its line', async (_, written, line) => {
    expect(await problems(`llm: ${written}\n`)).toMatchObject([{ file: '.kb/kb.config.yaml', line }]);
  });
});

import type { JsonObject, LlmRequest } from '@kb-labs/contracts';
import { fakeClock, type LlmServer, type LlmServerAnswer, startLlmServer } from '@kb-labs/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createLlm } from './create-llm.js';
import type { LlmSettings } from './settings.js';

const KEY = 'sk-the-very-key-0123456789';
const HELLO: LlmRequest = { system: 'be brief', messages: [{ role: 'user', content: 'hello' }], maxTokens: 50 };
const SCHEMA: JsonObject = { type: 'object', properties: { n: { type: 'integer', minimum: 1 } }, required: ['n'], additionalProperties: false };
const never = new AbortController().signal;

let server: LlmServer;
beforeEach(async () => {
  server = await startLlmServer({ key: KEY });
});
afterEach(() => server.stop());

type Changes = Partial<LlmSettings> & { readonly keys?: Readonly<Record<string, string>> };

function llm({ keys = { LLM_API_KEY: KEY }, ...changes }: Changes = {}) {
  const provider = changes.provider ?? 'openai';
  const settings = { provider, model: 'some-model', url: provider === 'openai' ? server.openaiUrl : server.anthropicUrl, timeoutMs: 5_000, maxTokens: 4_096, ...changes };
  return createLlm(settings, { secrets: { get: (name) => Promise.resolve(keys[name]) }, clock: fakeClock(Date.parse('2026-01-01T00:00:00Z')) });
}

function asked(): readonly JsonObject[] {
  return server.requests.map(({ body }) => body);
}

async function failure(answers: readonly LlmServerAnswer[], changes: Changes = {}, request = HELLO): Promise<Error & { code?: string; kbRetry?: unknown; usage?: unknown }> {
  server.script(...answers);
  return llm(changes).complete(request, never).then(
    () => { throw new Error('it succeeded'); },
    (error: unknown) => error as Error,
  );
}

describe.each(['openai', 'anthropic'] as const)('a model behind the protocol of %s', (provider) => {
  it('is asked, and its answer and what it cost are told', async () => {
    server.script({ text: 'hi', promptTokens: 12, answerTokens: 3 });
    expect(await llm({ provider }).complete(HELLO, never)).toEqual({ text: 'hi', model: 'some-model', provider, usage: { promptTokens: 12, answerTokens: 3 } });
    const [request] = server.requests;
    expect(request?.body).toMatchObject({ model: 'some-model', max_tokens: 50 });
    expect(request?.body).not.toHaveProperty('temperature');
    expect(request?.prompt).toBe('be brief\nhello');
    expect(request?.headers['authorization']).toBe(`Bearer ${KEY}`);
    expect(Object.keys(request?.headers ?? {}).filter((name) => /organization|project|webhook/.test(name))).toEqual([]);
  });

  it('is another one when the step has its own', async () => {
    server.script({ text: 'hi' }, { text: 'hi' });
    await llm({ provider }).complete(HELLO, never, { model: 'another-model' });
    await llm({ provider }).complete(HELLO, never, {});
    expect(asked()).toMatchObject([{ model: 'another-model' }, { model: 'some-model' }]);
  });

  it('is asked for no longer answer than the installation allows', async () => {
    server.script({ text: 'hi' });
    await llm({ provider, maxTokens: 10 }).complete({ ...HELLO, temperature: 0.5 }, never);
    expect(asked()).toMatchObject([{ max_tokens: 10, temperature: 0.5 }]);
  });

  it.each<[string, LlmServerAnswer, unknown, RegExp]>([
    ['too many requests', { status: 429, message: 'slow down', retryAfter: '7' }, 7_000, /refused with 429: slow down/],
    ['too many requests until a time', { status: 429, retryAfter: 'Thu, 01 Jan 2026 00:00:20 GMT' }, 20_000, /429/],
    ['a wait of a day', { status: 503, retryAfter: '86400' }, 3_600_000, /503/],
    ['an overloaded service', { status: 529, message: 'Overloaded' }, undefined, /529: Overloaded/],
    ['a broken service', { status: 500, message: 'oh' }, undefined, /500: oh/],
    ['a bad request', { status: 400, message: 'no such thing' }, 'never', /400: no such thing/],
    ['a forbidden model', { status: 403, message: 'not for you' }, 'never', /403: not for you/],
    ['an unknown model', { status: 404, message: 'no such model' }, 'never', /404: no such model/],
    ['a redirect', { status: 307, message: 'elsewhere' }, 'never', /sends on to another address/],
    ['a cut connection', { broken: true }, undefined, /cannot be reached/],
    ['an answer that is no JSON', { body: '{"half' }, undefined, /not JSON/],
    ['an answer of another shape', { body: '{}' }, undefined, /has no text/],
    ['an answer of nothing', { body: 'null' }, undefined, /has no text/],
    ['an empty answer that was cut', { text: '', cut: true }, 'never', /did not begin within 50 tokens/],
    ['an answer without end', { body: ' '.repeat(17 * 1024 * 1024) }, 'never', /more than \d+ bytes/],
  ])('says of %s whether another try can help', async (_, answer, kbRetry, message) => {
    const error = await failure([answer], { provider });
    expect([error.code, error.kbRetry]).toEqual(['LLM_FAILED', kbRetry]);
    expect(error.message).toMatch(message);
    expect(asked().length).toBe(1);
  });

  it('never shows the key, whatever the service says', async () => {
    const error = await failure([{ status: 400, message: `your key ${KEY} is\u001b[31m wrong` }], { provider });
    expect(error.message).toContain('your key *** is [31m wrong');
    expect(JSON.stringify({ ...error }) + String(error.stack)).not.toContain(KEY);
    const wrong = await failure([], { provider, keys: { LLM_API_KEY: 'another-key-123' } });
    expect([wrong.kbRetry, wrong.message]).toEqual(['never', expect.stringContaining('401')]);
  });

  it('is given up after its time', async () => {
    const error = await failure([{ silent: true }], { provider, timeoutMs: 30 });
    expect([error.code, error.kbRetry, error.message]).toEqual(['LLM_FAILED', undefined, expect.stringContaining('no answer within 30 ms')]);
  });

  it('is given up when the step is', async () => {
    server.script({ silent: true });
    const stop = new AbortController();
    const asking = llm({ provider }).complete(HELLO, stop.signal);
    stop.abort(new Error('over'));
    await expect(asking).rejects.toThrow('over');
  });

  it('says that nobody is there', async () => {
    const gone = await startLlmServer();
    await gone.stop();
    const error = await failure([], { provider, url: gone.openaiUrl });
    expect([error.code, error.kbRetry, error.message]).toEqual(['LLM_FAILED', undefined, expect.stringContaining('ECONNREFUSED')]);
  });

  it('is held to a schema by the service, and checked', async () => {
    server.script({ json: { n: 3 } });
    expect(await llm({ provider }).complete({ ...HELLO, schema: SCHEMA }, never)).toMatchObject({ value: { n: 3 }, text: '{"n":3}' });
    const [body] = asked();
    expect(provider === 'openai' ? body?.['response_format'] : body?.['output_config']).toMatchObject(provider === 'openai' ? { type: 'json_schema', json_schema: { schema: SCHEMA, strict: true } } : { format: { type: 'json_schema', schema: SCHEMA } });
  });

  it('is told the schema where the service does not know schemas, and the service is not asked to again', async () => {
    const one = llm({ provider });
    server.script({ status: 400, message: 'unknown field' }, { text: '```json\n{"n":1}\n```' }, { json: { n: 2 } });
    expect(await one.complete({ ...HELLO, schema: SCHEMA }, never)).toMatchObject({ value: { n: 1 } });
    expect(await one.complete({ ...HELLO, schema: SCHEMA }, never)).toMatchObject({ value: { n: 2 } });
    expect(server.requests.map(({ prompt, body }) => [prompt.includes('JSON Schema'), 'response_format' in body || 'output_config' in body])).toEqual([[false, true], [true, false], [true, false]]);
  });

  it('may put an answer right once, and both are counted', async () => {
    server.script({ text: '{"n":0}', promptTokens: 10, answerTokens: 1 }, { text: '{"n":1}', promptTokens: 20, answerTokens: 2 });
    expect(await llm({ provider }).complete({ ...HELLO, schema: SCHEMA }, never)).toMatchObject({ value: { n: 1 }, usage: { promptTokens: 30, answerTokens: 3 } });
    expect(server.requests.at(-1)?.prompt).toMatch(/\{"n":0\}\nThat answer cannot be used: the answer\/n must be >= 1/);
    server.script({ text: 'no', promptTokens: 10, answerTokens: 1 });
    const error = await failure([{ text: 'still no', promptTokens: 20, answerTokens: 2 }], { provider }, { ...HELLO, schema: SCHEMA });
    expect([error.code, error.usage, error.message]).toEqual(['LLM_FAILED', { promptTokens: 30, answerTokens: 3 }, expect.stringContaining('does not fit the schema')]);
  });

  it('is not asked again for an answer that was cut', async () => {
    const error = await failure([{ text: '{"n":', cut: true }], { provider }, { ...HELLO, schema: SCHEMA });
    expect([error.kbRetry, error.message, asked().length]).toEqual(['never', expect.stringContaining('did not end within 50 tokens'), 1]);
  });
});

describe('what is asked', () => {
  it.each<[string, LlmRequest]>([
    ['without messages', { messages: [] }],
    ['that ends with an answer', { messages: [{ role: 'user', content: 'a' }, { role: 'assistant', content: 'b' }] }],
    ['with a schema that is none', { ...HELLO, schema: { type: 'thing' } }],
  ])('%s is refused before anything is sent', async (_, request) => {
    await expect(llm().complete(request, never)).rejects.toThrow(TypeError);
    expect(asked()).toEqual([]);
  });

  it('by a schema of something else than an object is told in words', async () => {
    server.script({ text: '[1]' });
    expect(await llm().complete({ ...HELLO, schema: { type: 'array', items: { type: 'integer' } } }, never)).toMatchObject({ value: [1] });
    expect(asked()[0]).not.toHaveProperty('response_format');
  });

  it('of OpenAI itself after its credit is used up is not asked again', async () => {
    const empty = { status: 429, message: 'no credit', code: 'insufficient_quota' };
    expect(await failure([empty])).toMatchObject({ kbRetry: 'never' });
    expect(await failure([{ status: 429 }])).not.toHaveProperty('kbRetry');
  });

  it('that the model refuses is told', async () => {
    const error = await failure([{ body: JSON.stringify({ choices: [{ message: { content: null, refusal: 'I will not' } }] }) }]);
    expect([error.kbRetry, error.message]).toEqual(['never', expect.stringContaining('the model refused: I will not')]);
  });
});

describe('the key', () => {
  it.each<[string, Changes, boolean]>([
    ['the usual one', {}, true],
    ['none, for a service at an address of its own', { keys: {} }, true],
    ['one that is named', { secret: 'MINE', keys: { MINE: KEY } }, true],
    ['one that is named and not there', { secret: 'MINE' }, false],
  ])('%s decides whether there is a model', async (_, changes, chat) => {
    expect(await llm(changes).configured()).toEqual({ chat, embeddings: false });
  });

  it('is needed for the services of the providers themselves', async () => {
    const { url: _url, ...settings } = { provider: 'openai' as const, model: 'm', url: '', timeoutMs: 1, maxTokens: 1, embeddings: { model: 'e' } };
    const bare = createLlm(settings, { secrets: { get: () => Promise.resolve(undefined) }, clock: fakeClock() });
    expect(await bare.configured()).toEqual({ chat: false, embeddings: false });
    await expect(bare.complete(HELLO, never)).rejects.toMatchObject({ code: 'LLM_NOT_CONFIGURED', hint: expect.stringContaining('LLM_API_KEY') as string });
  });

  it.each(['openai', 'anthropic'] as const)('is not sent when there is none, by the protocol of %s', async (provider) => {
    await using open = await openServer();
    await llm({ provider, url: provider === 'openai' ? open.openaiUrl : open.anthropicUrl, keys: {} }).complete(HELLO, never);
    expect([open.requests[0]?.headers['authorization'], open.requests[0]?.headers['x-api-key']]).toEqual([undefined, undefined]);
  });

  it('of one service never goes to another', async () => {
    await using other = await openServer();
    await llm({ provider: 'anthropic', embeddings: { model: 'e', url: other.openaiUrl } }).embed(['a'], never);
    await llm({ embeddings: { model: 'e', url: other.openaiUrl } }).embed(['a'], never);
    await llm({ embeddings: { model: 'e', url: other.openaiUrl, secret: 'OTHER' }, keys: { OTHER: 'other-key' } }).embed(['a'], never);
    expect(other.requests.map(({ headers }) => headers['authorization'])).toEqual([undefined, undefined, 'Bearer other-key']);
  });
});

describe('embeddings', () => {
  const embedding = { embeddings: { model: 'e' } };

  it('are one vector for each text, in their order, in batches that are bounded', async () => {
    const texts = [...Array.from({ length: 150 }, (_, at) => `text number ${String(at)}`), '', 'x'.repeat(150_000), 'y'.repeat(150_000)];
    const { vectors, model, usage } = await llm(embedding).embed(texts, never);
    expect([vectors.length, model, new Set(vectors.map((vector) => vector.length))]).toEqual([153, 'e', new Set([64])]);
    expect(usage?.promptTokens).toBe(452);
    expect(asked().map(({ input }) => (input as string[]).length)).toEqual([64, 64, 24, 1]);
    const alone = await llm(embedding).embed(['text number 77'], never);
    expect(vectors[77]).toEqual(alone.vectors[0]);
  });

  it.each<[string, object]>([
    ['too few', { data: [{ index: 0, embedding: [1] }] }],
    ['of different lengths', { data: [{ index: 0, embedding: [1] }, { index: 1, embedding: [1, 2] }] }],
    ['twice for one text', { data: [{ index: 0, embedding: [1] }, { index: 0, embedding: [2] }] }],
    ['that are no numbers', { data: [{ index: 0, embedding: [1] }, { index: 1, embedding: ['1'] }] }],
    ['of nothing', { data: [{ index: 0, embedding: [] }, { index: 1, embedding: [] }] }],
    ['in no list', {}],
  ])('%s are refused', async (_, body) => {
    server.script({ body: JSON.stringify(body) });
    await expect(llm(embedding).embed(['a', 'b'], never)).rejects.toMatchObject({ code: 'LLM_FAILED', kbRetry: 'never' });
  });

  it('come in any order', async () => {
    server.script({ body: JSON.stringify({ data: [{ index: 1, embedding: [2] }, { index: 0, embedding: [1] }] }) });
    expect((await llm(embedding).embed(['a', 'b'], never)).vectors).toEqual([[1], [2]]);
  });

  it('fail as answers do, and are not there unless they are configured', async () => {
    server.script({ status: 429, retryAfter: '1' });
    await expect(llm(embedding).embed(['a'], never)).rejects.toMatchObject({ code: 'LLM_FAILED', kbRetry: 1_000 });
    expect(await llm(embedding).configured()).toEqual({ chat: true, embeddings: true });
    await expect(llm().embed(['a'], never)).rejects.toMatchObject({ code: 'LLM_NOT_CONFIGURED' });
  });
});

async function openServer(): Promise<LlmServer & AsyncDisposable> {
  const open = await startLlmServer();
  return { ...open, [Symbol.asyncDispose]: () => open.stop() };
}

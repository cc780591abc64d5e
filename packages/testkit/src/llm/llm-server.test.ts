import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { embedWords } from './embed-words.js';
import { type LlmServer, startLlmServer } from './llm-server.js';

let server: LlmServer;
beforeAll(async () => {
  server = await startLlmServer({ key: 'right' });
});
afterAll(() => server.stop());

const CHAT = { model: 'm', messages: [{ role: 'user', content: 'hello there' }] };

function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
}

const openai = (path: string, body: unknown, key = 'right'): Promise<Response> => post(`${server.openaiUrl}${path}`, body, { authorization: `Bearer ${key}` });
const anthropic = (body: unknown, headers = {}): Promise<Response> => post(`${server.anthropicUrl}/v1/messages`, body, { 'x-api-key': 'right', 'anthropic-version': '2023-06-01', ...headers });

describe('the language model of tests', () => {
  it('says what is scripted, in the shape of each protocol, and remembers what it was asked', async () => {
    server.script({ text: 'one two' }, { json: { a: 1 } });
    expect(await (await openai('/chat/completions', CHAT)).json()).toMatchObject({ choices: [{ message: { content: 'one two' }, finish_reason: 'stop' }], usage: { completion_tokens: 2 } });
    expect(await (await anthropic({ ...CHAT, max_tokens: 5, system: 'be brief' })).json()).toMatchObject({ content: [{ type: 'text', text: '{"a":1}' }], stop_reason: 'end_turn' });
    expect(server.requests.map(({ api, prompt }) => [api, prompt])).toEqual([['openai-chat', 'hello there'], ['anthropic', 'be brief\nhello there']]);
  });

  it.each<[string, () => Promise<Response>, number]>([
    ['a wrong key', () => openai('/chat/completions', CHAT, 'wrong'), 401],
    ['no model', () => openai('/chat/completions', { messages: CHAT.messages }), 400],
    ['no messages', () => openai('/chat/completions', { model: 'm', messages: [] }), 400],
    ['an empty text to embed', () => openai('/embeddings', { model: 'm', input: [''] }), 400],
    ['another path', () => openai('/else', CHAT), 404],
    ['a wrong key of Anthropic', () => anthropic({ ...CHAT, max_tokens: 1 }, { 'x-api-key': 'wrong' }), 401],
    ['no length of the answer', () => anthropic(CHAT), 400],
    ['an answer that comes first', () => anthropic({ model: 'm', max_tokens: 1, messages: [{ role: 'assistant', content: 'x' }] }), 400],
  ])('refuses %s', async (_, ask, status) => {
    const before = server.requests.length;
    expect((await ask()).status).toBe(status);
    expect(server.requests.length).toBe(before);
  });

  it('refuses, breaks and garbles as it is told', async () => {
    server.script({ status: 429, message: 'slow down', retryAfter: '7' }, { body: '{"half' }, { broken: true });
    const refused = await openai('/chat/completions', CHAT);
    expect([refused.status, refused.headers.get('retry-after'), JSON.stringify(await refused.json())]).toEqual([429, '7', expect.stringContaining('slow down')]);
    await expect((await openai('/chat/completions', CHAT)).json()).rejects.toThrow(SyntaxError);
    await expect(openai('/chat/completions', CHAT).then((response) => response.text())).rejects.toThrow();
  });

  it('embeds texts so that shared words make them near', async () => {
    const near = (a: string, b: string): number => embedWords(a, 64).reduce((sum, value, at) => sum + value * (embedWords(b, 64)[at] ?? 0), 0);
    expect(near('the red house', 'a red house')).toBeGreaterThan(near('the red house', 'quick brown foxes'));
    expect(near('Red', 'red')).toBeCloseTo(1);
    const told = (await (await openai('/embeddings', { model: 'm', input: ['red', 'blue'] })).json()) as { data: { embedding: number[] }[] };
    expect(told.data.map(({ embedding }) => embedding)).toEqual([embedWords('red', 64), embedWords('blue', 64)]);
  });
});

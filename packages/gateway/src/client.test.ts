import { readFile } from 'node:fs/promises';

import { createClient } from '@kb-labs/client';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { HELLO, type Harness, openHarness, WAITING } from './harness.fixture.js';

let harness: Harness;

beforeAll(async () => {
  harness = await openHarness({ workflows: { 'hello.yml': HELLO, 'listen.yml': WAITING } });
});
afterAll(() => harness.close());

const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor as new (...parts: string[]) => (...values: unknown[]) => Promise<void>;

it('does what its README shows', async () => {
  const readme = await readFile(new URL('../../client/README.md', import.meta.url), 'utf8');
  const [, example = ''] = /```ts\nimport \{ createClient \} from '@kb-labs\/client';\n([\s\S]*?)```/.exec(readme) ?? [];
  const printed: unknown[][] = [];
  const atHand = (options: { key?: string }): ReturnType<typeof createClient> => createClient({ ...options, url: harness.url });
  await new AsyncFunction('createClient', 'process', 'console', example)(atHand, { env: { KB_API_KEY: 'runner' } }, { log: (...words: unknown[]) => printed.push(words) });
  expect(printed).toEqual([['Hello, Ada'], ['second line'], ['success', ['docs/note.md']], ['# hi\n']]);
});

it('fails with the code, the details and the hint of a problem', async () => {
  const client = createClient({ url: `${harness.url}/`, key: 'viewer' });
  await expect(client.call('startRun', { body: { workflowId: 'hello' } })).rejects.toMatchObject({ code: 'FORBIDDEN', status: 403 });
  await expect(client.call('getRun', { params: { id: 'a/b' } })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND', details: { id: 'a/b' } });
  await expect(client.call('getWorkflow', { params: { id: 'helo' } })).rejects.toMatchObject({ hint: 'did you mean "hello"?' });
  await expect(createClient({ url: harness.url }).call('listRuns')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  await expect(createClient({ url: 'http://127.0.0.1:1', key: 'viewer' }).call('listRuns')).rejects.toMatchObject({ code: 'GATEWAY_UNREACHABLE' });
  expect(await client.text('metrics')).toContain('kb_state_up 1');
  expect(await client.call('health')).toEqual({ status: 'alive' });
});

it('starts a run and waits for its end with one request', async () => {
  const runner = createClient({ url: harness.url, key: 'runner' });
  expect(await runner.call('startRun', { body: { workflowId: 'hello' }, query: { wait: 60 } })).toMatchObject({ status: 'success', artifacts: [{ name: 'docs/note.md' }] });
  await expect(runner.call('startRun', { body: { workflowId: 'hello' }, query: { wait: 61 } })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
});

it('follows a run over a gateway that is gone in between', async () => {
  const viewer = createClient({ url: harness.url, key: 'viewer' });
  const runner = createClient({ url: harness.url, key: 'runner' });
  const { id } = await runner.call('startRun', { body: { workflowId: 'listen' }, idempotencyKey: 'once' });
  expect((await runner.call('startRun', { body: { workflowId: 'listen' }, idempotencyKey: 'once' })).id).toBe(id);
  let broken = 0;
  const flaky: typeof fetch = async (...request) => {
    broken += 1;
    if (broken === 2) throw new TypeError('fetch failed');
    const response = await fetch(...request);
    // The first connection breaks after its first piece.
    return broken === 1 && response.body !== null ? new Response(ReadableStream.from(firstOf(response.body)), response) : response;
  };
  const seqs: number[] = [];
  for await (const { data } of createClient({ url: harness.url, key: 'viewer', fetch: flaky, pause: () => Promise.resolve() }).follow('runEvents', { params: { id } })) {
    seqs.push(data.seq);
    if (data.type === 'step.waiting') await runner.call('sendSignal', { params: { name: 'go' }, query: { runId: id }, body: { pieces: 12 } });
  }
  const { items } = await viewer.call('runEvents', { params: { id } });
  expect(broken).toBeGreaterThan(2);
  expect(seqs).toEqual(items.map(({ seq }) => seq));
  const aborted = new AbortController();
  const ids: string[] = [];
  for await (const { id: place } of viewer.follow('runEvents', { params: { id }, signal: aborted.signal })) {
    ids.push(place);
    aborted.abort();
  }
  expect(ids.length).toBeLessThan(seqs.length);
});

async function* firstOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    yield chunk;
    throw new TypeError('terminated');
  }
}

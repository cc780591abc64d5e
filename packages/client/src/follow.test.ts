import { expect, it } from 'vitest';

import { createClient } from './create-client.js';

/** Answers requests one after the other, and keeps what they were. */
function scripted(...answers: readonly (Response | Error)[]): { fetch: typeof fetch; asked: { url: string; lastEventId: string | null }[] } {
  const asked: { url: string; lastEventId: string | null }[] = [];
  const left = [...answers];
  return {
    asked,
    fetch: (url, init) => {
      asked.push({ url: String(url), lastEventId: new Headers(init?.headers).get('last-event-id') });
      const next = left.shift() ?? new Error('nothing more');
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    },
  };
}

const stream = (text: string): Response => new Response(text, { headers: { 'content-type': 'text/event-stream' } });
const broken = (text: string): Response =>
  new Response(ReadableStream.from(breaking(text)));
async function* breaking(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
  throw new TypeError('terminated');
}
const problem = (status: number, body: object): Response => new Response(JSON.stringify(body), { status });

async function collect(answers: readonly (Response | Error)[], retries?: number): Promise<{ ids: string[]; pauses: number[]; asked: (string | null)[]; error?: unknown }> {
  const { fetch, asked } = scripted(...answers);
  const pauses: number[] = [];
  const client = createClient({ url: 'http://gateway/', fetch, pause: (ms) => (pauses.push(ms), Promise.resolve()) });
  const ids: string[] = [];
  const result = (error?: unknown): Awaited<ReturnType<typeof collect>> => ({ ids, pauses, asked: asked.map((one) => one.lastEventId), ...(error === undefined ? {} : { error }) });
  try {
    for await (const { id } of client.follow('runEvents', { params: { id: 'run_1' }, ...(retries === undefined ? {} : { retries }) })) ids.push(id);
    return result();
  } catch (error) {
    return result(error);
  }
}

it('goes on behind the last event when the connection is lost or closed', async () => {
  const one = 'id: 1\ndata: {}\n\n';
  expect(await collect([broken(`${one}id: 2\ndata: {}\n`), stream('id: 2\ndata: {}\n\n'), new TypeError('fetch failed'), stream('id: 3\ndata: {}\n\nevent: end\ndata: {}\n\n')])).toEqual({
    ids: ['1', '2', '3'],
    asked: [null, '1', '2', '2'],
    pauses: [250, 250, 500],
  });
});

it('waits longer each time, and gives up', async () => {
  const failures = Array.from({ length: 20 }, () => new TypeError('fetch failed'));
  const { pauses, error } = await collect(failures);
  expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  expect(error).toMatchObject({ code: 'GATEWAY_UNREACHABLE' });
  const closed = Array.from({ length: 20 }, () => stream(''));
  expect((await collect(closed, 2)).error).toMatchObject({ code: 'GATEWAY_UNREACHABLE', message: expect.stringContaining('again and again') as string });
});

it('does not give up on a stream that is quiet, as long as it hears that somebody is there', async () => {
  const quiet = Array.from({ length: 40 }, () => broken(': still here\n\n'));
  expect(await collect([...quiet, stream('event: end\ndata: {}\n\n')])).toMatchObject({ ids: [], pauses: quiet.map(() => 250) });
  // Not heard from at all is another matter, and so is a problem that comes again and again.
  expect((await collect(Array.from({ length: 40 }, () => broken('')))).error).toMatchObject({ code: 'GATEWAY_UNREACHABLE' });
  expect((await collect(Array.from({ length: 40 }, () => stream('event: problem\ndata: {"code":"STATE_BUSY","message":"x"}\n\n')))).error).toMatchObject({ code: 'STATE_BUSY' });
});

it('tries for ever when it is asked to, and tells of its connections', async () => {
  const failures = Array.from({ length: 2_000 }, () => new TypeError('fetch failed'));
  const { fetch } = scripted(...failures, broken('id: 1\ndata: {}\n\n'), problem(503, { code: 'STATE_BUSY', message: 'busy' }), stream(''), stream('event: end\ndata: {}\n\n'));
  const told: string[] = [];
  const pauses: number[] = [];
  const client = createClient({ url: '', fetch, pause: (ms) => (pauses.push(ms), Promise.resolve()) });
  const request = { params: { id: 'run_1' }, retries: Infinity, onConnect: () => told.push('on'), onDisconnect: ({ code }: { code: string }) => told.push(code) };
  for await (const { id } of client.follow('runEvents', request)) told.push(id);
  expect(told.slice(0, 2_000)).toEqual(failures.map(() => 'GATEWAY_UNREACHABLE'));
  expect(told.slice(2_000)).toEqual(['on', '1', 'GATEWAY_UNREACHABLE', 'STATE_BUSY', 'on', 'GATEWAY_UNREACHABLE', 'on']);
  expect(Math.max(...pauses)).toBe(10_000);
});

it('takes a problem for what it is: told when it stays, tried again when it passes', async () => {
  expect((await collect([problem(404, { code: 'RUN_NOT_FOUND', message: 'x', details: { id: 'run_1' } })])).error).toMatchObject({ code: 'RUN_NOT_FOUND', details: { id: 'run_1' } });
  expect((await collect([stream('event: problem\ndata: {"code":"UNAUTHENTICATED","message":"x"}\n\n')])).error).toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(await collect([problem(503, { code: 'STATE_BUSY', message: 'x' }), stream('event: end\ndata: {}\n\n')])).toEqual({ ids: [], asked: [null, null], pauses: [250] });
  expect((await collect([problem(502, { hello: 1 })], 0)).error).toMatchObject({ code: 'GATEWAY_UNREACHABLE', message: expect.stringContaining('it answered 502') as string });
});

it('writes parameters into the path so that they stay one part of it', async () => {
  const { fetch, asked } = scripted(new Response('{}'), new Response('x'));
  const client = createClient({ url: 'http://gateway', fetch });
  await client.call('listRuns', { query: { limit: 5, status: 'failed' } });
  await client.download('getArtifact', { params: { id: 'run_1', name: 'a/b c?' } });
  expect(asked.map(({ url }) => url)).toEqual(['http://gateway/api/v1/workflows/runs?limit=5&status=failed', 'http://gateway/api/v1/workflows/runs/run_1/artifacts/a%2Fb%20c%3F']);
  for (const name of ['', '.', '..']) await expect(client.download('getArtifact', { params: { id: 'run_1', name } })).rejects.toMatchObject({ code: 'USAGE' });
});

it('sends the word against forged requests with changes alone, as it is then', async () => {
  const sent: (string | null)[] = [];
  let csrf: string | null = null;
  const client = createClient({ url: '', csrf: () => csrf, fetch: (_url, init) => (sent.push(new Headers(init?.headers).get('x-kb-csrf')), Promise.resolve(new Response('{}'))) });
  await client.call('cancelRun', { params: { id: 'x' } });
  csrf = 'c-1';
  await client.call('cancelRun', { params: { id: 'x' } });
  await client.call('listRuns');
  expect(sent).toEqual([null, 'c-1', null]);
});

it('knows at compile time what a route takes', () => {
  const client = createClient({ url: '' });
  const never = (): unknown[] => [
    client.call('listWorkflows'),
    // @ts-expect-error it needs to know which run
    client.call('getRun'),
    // @ts-expect-error there is no such query
    client.call('listRuns', { query: { limt: 5 } }),
    // @ts-expect-error there is no such route
    client.call('listEverything'),
    // @ts-expect-error it cannot be followed
    client.follow('getRun', { params: { id: 'x' } }),
  ];
  expect(never).toBeTypeOf('function');
});

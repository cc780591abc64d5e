import { request } from 'node:http';
import { connect } from 'node:net';

import type { RunEvent } from '@kb-labs/contracts';
import type { EngineDeps } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';
import { fakeClock } from '@kb-labs/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { HELLO, type Harness, type HarnessOptions, idOf, openHarness, WAITING } from './harness.fixture.js';
import { MOST_STREAMS_OF_TENANT, OpenStreams } from './open-streams.js';
import { HEARTBEAT_MS, STALL_MS } from './send-events.js';

const RUNS = '/api/v1/workflows/runs';
const workflows = { 'hello.yml': HELLO, 'listen.yml': WAITING };
let harness: Harness;

beforeAll(async () => {
  harness = await openHarness({ workflows });
});
afterAll(() => harness.close());

interface Sent {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}

interface Stream {
  readonly status: number;
  readonly type: string | undefined;
  /** The next block, comments too; `undefined` at the end. */
  next(): Promise<(Sent & { readonly comment?: string }) | undefined>;
  rest(): Promise<Sent[]>;
  close(): void;
}

/** Opens a stream and reads it block by block. */
function open({ url }: Harness, path: string, headers: Record<string, string> = {}): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const sent = request(url + path, { headers: { accept: 'text/event-stream', authorization: 'Bearer viewer', ...headers } }, (response) => {
      response.setEncoding('utf8');
      response.on('error', () => undefined);
      const blocks = (async function* () {
        let text = '';
        try {
          for await (const chunk of response as AsyncIterable<string>) {
            const parts = (text + chunk).split('\n\n');
            text = parts.pop() ?? '';
            yield* parts.map(parseBlock);
          }
        } catch {
          // It was cut off.
        }
      })();
      const next = async (): ReturnType<Stream['next']> => (await blocks.next()).value as Sent | undefined;
      resolve({
        status: response.statusCode ?? 0,
        type: response.headers['content-type'],
        next,
        rest: async () => {
          const all: Sent[] = [];
          for (let one = await next(); one !== undefined; one = await next()) all.push(one);
          return all;
        },
        close: () => sent.destroy(),
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

function parseBlock(block: string): Sent & { comment?: string } {
  return Object.fromEntries(block.split('\n').map((line) => [line.startsWith(':') ? 'comment' : line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]));
}

const end = { event: 'end', data: '{}' };

describe('a stream', () => {
  it.each(['events', 'logs'])('of %s can be gone on with from every place, and ends with the run', async (what) => {
    const { id } = await harness.run('runner', 'hello');
    const path = `${RUNS}/${id}/${what}`;
    const whole = await open(harness, path);
    expect([whole.status, whole.type]).toEqual([200, 'text/event-stream; charset=utf-8']);
    const all = await whole.rest();
    expect(all.length).toBeGreaterThan(2);
    expect(all.at(-1)).toEqual(end);
    const listed = (await harness.ask('viewer', 'GET', path)).json as { items: unknown[] };
    expect(all.slice(0, -1).map(({ data }) => JSON.parse(data ?? '') as unknown)).toEqual(listed.items);
    for (const [index, { id: place }] of all.slice(0, -1).entries()) {
      expect(await (await open(harness, path, { 'last-event-id': place ?? '' })).rest(), place).toEqual(all.slice(index + 1));
      expect(await (await open(harness, `${path}?after=${place ?? ''}`)).rest(), place).toEqual(all.slice(index + 1));
    }
    // A browser that comes back sends both: the query is where it began.
    expect(await (await open(harness, `${path}?after=0`, { 'last-event-id': all.at(-2)?.id ?? '' })).rest()).toEqual([end]);
  });

  it('tells what happens when it happens', async () => {
    const id = idOf((await harness.ask('runner', 'POST', RUNS, { body: { workflowId: 'listen' } })).json);
    const stream = await open(harness, `${RUNS}/${id}/events`);
    const types: unknown[] = [];
    for (let one = await stream.next(); one !== undefined; one = await stream.next()) {
      const type = one.event ?? (JSON.parse(one.data ?? '') as { type: unknown }).type;
      types.push(type);
      if (type === 'step.waiting') void harness.ask('runner', 'POST', `/api/v1/signals/go?runId=${id}`, { body: {} });
    }
    expect(types.slice(-4)).toEqual(['step.finished', 'job.finished', 'run.finished', 'end']);
    expect(types).toContain('step.answered');
  });

  it('is refused as a whole when it cannot begin', async () => {
    const { id } = await harness.run('runner', 'hello');
    for (const [path, headers] of [
      [`${RUNS}/${id}/events?limit=3`, {}],
      [`${RUNS}/${id}/events`, { 'last-event-id': 'x' }],
      [`${RUNS}/${id}/events`, { 'last-event-id': '-1' }],
      [`${RUNS}/${id}/logs`, { 'last-event-id': '1-99999' }],
      [`${RUNS}/${id}/logs?after=--`, {}],
    ] as const) {
      const stream = await open(harness, path, headers);
      expect([stream.status, stream.type], path).toEqual([400, 'application/problem+json; charset=utf-8']);
      stream.close();
    }
  });

  it('is JSON for those who do not ask for a stream first', async () => {
    const { id } = await harness.run('runner', 'hello');
    for (const accept of ['*/*', 'application/json, text/event-stream', 'text/event-stream;q=0.5, application/json', 'image/png']) {
      expect((await harness.ask('viewer', 'GET', `${RUNS}/${id}/events`, { headers: { accept } })).headers['content-type'], accept).toContain('application/json');
    }
  });
});

/** A gateway whose time stands still, with a run that is open. */
async function opened(options: HarnessOptions & { log?: Partial<EngineDeps['log']> } = {}): Promise<{ harness: Harness; path: string; timers: ReturnType<typeof fakeClock> }> {
  const timers = fakeClock();
  const own = await openHarness({ workflows, works: false, ...options, wrap: (deps) => ({ ...deps, clock: timers, ...(options.log === undefined ? {} : { log: replacing(deps.log, options.log) }) }) });
  onTestFinished(own.close);
  const id = idOf((await own.ask('runner', 'POST', RUNS, { body: { workflowId: 'listen' } })).json);
  return { harness: own, path: `${RUNS}/${id}/events`, timers };
}

function replacing(log: EngineDeps['log'], methods: Partial<EngineDeps['log']>): EngineDeps['log'] {
  return { append: (command) => log.append(command), create: (command) => log.create(command), read: (...query) => log.read(...query), watch: (...query) => log.watch(...query), ...methods };
}

describe('a stream of a run that does not end', () => {
  it('says that it is still there', async () => {
    const { harness: own, path, timers } = await opened();
    const stream = await open(own, path);
    expect(await stream.next()).toMatchObject({ id: '1' });
    for (let n = 0; n < 3; n += 1) {
      await timers.advance(HEARTBEAT_MS);
      expect(await stream.next()).toEqual({ comment: 'still here' });
    }
    stream.close();
  });

  it('ends when its key does', async () => {
    let valid = true;
    const { harness: own, path, timers } = await opened({
      access: {
        authenticate: () =>
          valid ? Promise.resolve({ keyId: 'k', name: 'n', role: 'admin', tenant: 'default', via: 'key' }) : Promise.reject(new AppError('UNAUTHENTICATED', { problem: 'the key is not valid' })),
      },
    });
    const stream = await open(own, path);
    await stream.next();
    valid = false;
    await timers.advance(HEARTBEAT_MS);
    const [last] = await stream.rest();
    expect([last?.event, JSON.parse(last?.data ?? '')]).toMatchObject(['problem', { code: 'UNAUTHENTICATED' }]);
  });

  it('lets go of everything when its client leaves', async () => {
    let watching = 0;
    const left = Promise.withResolvers<undefined>();
    const { harness: own, path, timers } = await opened({
      log: {
        watch: () => {
          watching += 1;
          return () => {
            watching -= 1;
            left.resolve(undefined);
          };
        },
      },
    });
    const before = timers.timers;
    const stream = await open(own, path);
    await stream.next();
    expect(watching).toBe(1);
    stream.close();
    await left.promise;
    await timers.advance(1);
    expect([watching, timers.timers]).toEqual([0, before]);
  });

  it('is cut off without an end when the gateway stops, to be gone on with elsewhere', async () => {
    const { harness: own, path } = await opened();
    const stream = await open(own, path);
    await stream.next();
    const closed = own.gateway.close();
    expect(await stream.rest()).toEqual([]);
    await closed;
  });

  it('costs a slow client little, and is cut off when nothing is taken', async () => {
    const payload = 'x'.repeat(5_000);
    let read = 0;
    const { harness: own, path, timers } = await opened({
      log: {
        // A journal without an end.
        read: (_runId, after, limit = 200) => {
          read += 1;
          return Promise.resolve(Array.from({ length: limit }, (_, n): RunEvent => ({ type: 'run.called_back', payload, by: 'x', seq: after + n + 1, at: 0 })));
        },
      },
    });
    const socket = connect(Number(new URL(own.url).port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => undefined);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer viewer\r\nAccept: text/event-stream\r\n\r\n`);
    await new Promise((resolve) => socket.once('readable', resolve));
    // What the system takes for the client is all that can be written: then nothing more is read.
    for (let same = 0, last = -1; same < 20; ) {
      // A heartbeat, and the time that the client has.
      same = read === last && timers.timers === 2 ? same + 1 : 0;
      last = read;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(read * 1_000_000).toBeLessThan(64_000_000);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await timers.advance(STALL_MS);
    socket.resume();
    await closed;
  });
});

it('there are so many streams of one tenant, and one more when one has ended', () => {
  const streams = new OpenStreams();
  const closers: (() => void)[] = [];
  const open = (tenant: string): AbortSignal => streams.open({ once: (_event: string, close: () => void) => closers.push(close) } as never, tenant);
  const signals = Array.from({ length: MOST_STREAMS_OF_TENANT }, () => open('acme'));
  expect(() => open('acme')).toThrow(expect.objectContaining({ code: 'FOLLOWERS_FULL' }) as Error);
  expect(open('other').aborted).toBe(false);
  closers[0]?.();
  expect([signals[0]?.aborted, open('acme').aborted]).toEqual([true, false]);
  streams.endAll();
  expect(signals.every(({ aborted }) => aborted)).toBe(true);
});

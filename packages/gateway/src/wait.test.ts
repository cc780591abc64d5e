import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { EngineDeps } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';
import { fakeClock } from '@kb-labs/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import type { Access } from './access/access.js';
import { appOf } from './create-gateway.js';
import { HELLO, type Harness, idOf, noAccess, openHarness, send, WAITING } from './harness.fixture.js';
import { createMetrics } from './index.js';
import { MOST_STREAMS_OF_TENANT, OpenStreams } from './open-streams.js';

const RUNS = '/api/v1/workflows/runs';
const workflows = { 'hello.yml': HELLO, 'listen.yml': WAITING };

/** Watches of runs: how many there are, how many there were, and the first of them. */
class Watches {
  count = 0;
  total = 0;
  began = Promise.withResolvers<undefined>();
  ended = Promise.withResolvers<undefined>();

  over(log: EngineDeps['log']): EngineDeps['log'] {
    return {
      append: (command) => log.append(command),
      create: (command) => log.create(command),
      read: (...query) => log.read(...query),
      watch: (runId, onChange) => {
        const unwatch = log.watch(runId, onChange);
        this.count += 1;
        this.total += 1;
        this.began.resolve(undefined);
        return () => {
          unwatch();
          this.count -= 1;
          this.ended.resolve(undefined);
        };
      },
    };
  }
}

async function opened({ works = false, clock, access = {} }: { works?: boolean; clock?: EngineDeps['clock']; access?: Partial<Access> } = {}): Promise<{ harness: Harness; watches: Watches }> {
  const watches = new Watches();
  const harness = await openHarness({ workflows, works, access, wrap: (deps) => ({ ...deps, log: watches.over(deps.log), ...(clock === undefined ? {} : { clock }) }) });
  onTestFinished(harness.close);
  return { harness, watches };
}

async function startOf(harness: Harness, workflowId: string): Promise<string> {
  return idOf((await harness.ask('runner', 'POST', RUNS, { body: { workflowId } })).json);
}

describe('a request that waits for the end of a run', () => {
  it('is answered when the run ends', async () => {
    const { harness, watches } = await opened({ works: true });
    const id = await startOf(harness, 'listen');
    const asked = harness.ask('viewer', 'GET', `${RUNS}/${id}?wait=60`);
    await watches.began.promise;
    await harness.until('viewer', id, ({ status }) => status === 'waiting');
    await harness.ask('runner', 'POST', `/api/v1/signals/go?runId=${id}`, { body: 1 });
    const { status, json } = await asked;
    expect([status, json]).toMatchObject([200, { id, status: 'success', outputs: {} }]);
    expect(watches.count).toBe(0);
  });

  it('is answered at once when it has ended, or with no time to wait', async () => {
    const { harness, watches } = await opened({ works: true });
    const { id } = await harness.run('runner', 'hello');
    const { total } = watches;
    expect((await harness.ask('viewer', 'GET', `${RUNS}/${id}?wait=60`)).json).toMatchObject({ status: 'success' });
    const open = await startOf(harness, 'listen');
    expect((await harness.ask('viewer', 'GET', `${RUNS}/${open}?wait=0`)).json).toMatchObject({ id: open, finishedAt: null });
    expect(watches.total).toBe(total);
  });

  it('is answered with the run as it is when the time is over', async () => {
    const timers = fakeClock();
    const { harness, watches } = await opened({ clock: timers });
    const id = await startOf(harness, 'hello');
    const before = timers.timers;
    const asked = harness.ask('viewer', 'GET', `${RUNS}/${id}?wait=30`);
    await watches.began.promise;
    await timers.advance(29_999);
    expect(watches.count).toBe(1);
    await timers.advance(1);
    expect(await asked).toMatchObject({ status: 200, json: { id, status: 'queued', finishedAt: null } });
    expect([watches.count, timers.timers]).toEqual([0, before]);
  });

  it('lets go of everything when its client leaves', async () => {
    const timers = fakeClock();
    const { harness, watches } = await opened({ clock: timers });
    const id = await startOf(harness, 'hello');
    const before = timers.timers;
    const sent = request(`${harness.url}${RUNS}/${id}?wait=30`, { headers: { authorization: 'Bearer viewer' } });
    sent.on('error', () => undefined).end();
    await watches.began.promise;
    sent.destroy();
    await watches.ended.promise;
    expect([watches.count, timers.timers]).toEqual([0, before]);
  });

  it('is answered when the gateway stops', async () => {
    const { harness, watches } = await opened();
    const id = await startOf(harness, 'hello');
    const asked = harness.ask('viewer', 'GET', `${RUNS}/${id}?wait=60`);
    await watches.began.promise;
    await harness.gateway.close();
    expect(await asked).toMatchObject({ status: 200, json: { id, status: 'queued' } });
  });

  it('is refused when its key was revoked meanwhile', async () => {
    let valid = true;
    const timers = fakeClock();
    const { harness, watches } = await opened({
      clock: timers,
      access: {
        authenticate: () =>
          valid ? Promise.resolve({ keyId: 'k', name: 'n', role: 'admin', tenant: 'default', via: 'key' }) : Promise.reject(new AppError('UNAUTHENTICATED', { problem: 'the key is not valid' })),
      },
    });
    const id = await startOf(harness, 'hello');
    const asked = harness.ask('admin', 'GET', `${RUNS}/${id}?wait=20`);
    await watches.began.promise;
    valid = false;
    await timers.advance(20_000);
    expect(await asked).toMatchObject({ status: 401, json: { code: 'UNAUTHENTICATED' } });
  });

  it.each(['61', '-1', 'x', '1.5', ''])('is refused with a time of "%s"', async (wait) => {
    const { harness } = await opened();
    const id = await startOf(harness, 'hello');
    expect(await harness.ask('viewer', 'GET', `${RUNS}/${id}?wait=${wait}`)).toMatchObject({ status: 400, json: { code: 'REQUEST_INVALID' } });
  });
});

describe('a start that waits', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await openHarness({ workflows });
  });
  afterAll(() => harness.close());

  it('answers the run as it ended, also for a key that was used before', async () => {
    const body = { workflowId: 'hello', idempotencyKey: 'once' };
    const first = await harness.ask('runner', 'POST', `${RUNS}?wait=60`, { body });
    expect([first.status, first.json]).toMatchObject([201, { status: 'success', jobs: [{ outputs: { greeting: 'Hello, world' } }] }]);
    const again = await harness.ask('runner', 'POST', `${RUNS}?wait=60`, { body });
    expect([again.status, again.json]).toEqual([200, first.json]);
  });

  it('starts nothing when there are too many that wait', async () => {
    const streams = new OpenStreams();
    const metrics = createMetrics({ ...harness.deps, heldJobs: () => 0 });
    const server = createServer(appOf({ checks: {}, metrics, deps: harness.deps, access: noAccess }, streams));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    for (let n = 0; n < MOST_STREAMS_OF_TENANT; n += 1) streams.open({ once: () => undefined } as never, 'full');
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}${RUNS}?wait=60`;
    const start = (tenant: string) =>
      send(url, { method: 'POST', headers: { authorization: `Bearer runner@${tenant}`, 'content-type': 'application/json' }, body: JSON.stringify({ workflowId: 'hello' }) });
    expect((await start('full')).json).toMatchObject({ code: 'FOLLOWERS_FULL' });
    expect((await harness.ask('viewer@full', 'GET', RUNS)).json).toEqual({ items: [] });
    expect((await start('other')).status).toBe(201);
    // Its place is free again.
    await expect.poll(() => streams.size).toBe(MOST_STREAMS_OF_TENANT);
  });
});

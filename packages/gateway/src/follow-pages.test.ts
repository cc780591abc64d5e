import { createClient, type FollowedEvent } from '@kb-labs/client';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { APPROVAL, HELLO, type Harness, idOf, openHarness } from './harness.fixture.js';

const RUNS = '/api/v1/workflows/runs';
let harness: Harness;

beforeAll(async () => {
  harness = await openHarness({ workflows: { 'hello.yml': HELLO, 'ask.yml': APPROVAL } });
});
afterAll(() => harness.close());

/** A client of `<role>@<tenant>`, and what ends everything that it follows. */
function clientOf(as: string): { client: ReturnType<typeof createClient>; signal: AbortSignal } {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  return { client: createClient({ url: harness.url, key: as }), signal: controller.signal };
}

async function until<Event extends FollowedEvent>(events: AsyncGenerator<Event>, holds: (event: Event) => boolean): Promise<Event> {
  for (;;) {
    const { value, done } = await events.next();
    if (done === true) throw new Error('it has ended');
    if (holds(value)) return value;
  }
}

describe('a list that is followed', () => {
  it('of runs is the first page of its query, now and as it changes', async () => {
    const { client, signal } = clientOf('viewer@one');
    const query = { workflowId: 'hello', limit: 2, trigger: 'manual', q: 'RUNNER' } as const;
    const events = client.follow('listRuns', { query, signal });
    expect((await until(events, () => true)).data).toEqual({ items: [] });
    const { id } = await harness.run('runner@one', 'hello');
    await harness.run('runner@two', 'hello');
    const { data } = await until(events, (one) => one.data.items[0]?.status === 'success');
    expect(data).toEqual(await client.call('listRuns', { query }));
    expect(data).toMatchObject({ items: [{ id }] });
  });

  it('goes on where it was: nothing is told that is known', async () => {
    const { client, signal } = clientOf('viewer@three');
    const first = await until(client.follow('listRuns', { signal }), () => true);
    const events = client.follow('listRuns', { lastEventId: first.id, signal });
    const told = until(events, () => true);
    const id = idOf((await harness.ask('runner@three', 'POST', RUNS, { body: { workflowId: 'ask' } })).json);
    expect((await told).data.items).toMatchObject([{ id }]);
  });

  it('of approvals tells what waits for a decision', async () => {
    const { client, signal } = clientOf('approver@four');
    const events = client.follow('listApprovals', { query: { limit: 5 }, signal });
    expect((await until(events, () => true)).data).toEqual({ items: [] });
    const id = idOf((await harness.ask('runner@four', 'POST', RUNS, { body: { workflowId: 'ask' } })).json);
    const { data } = await until(events, (one) => one.data.items.length > 0);
    expect(data.items).toMatchObject([{ runId: id, step: 'ok', title: 'Ship it?' }]);
    await client.call('decideApproval', { params: { id, stepId: 'ok' }, body: { decision: 'approved' } });
    expect((await until(events, () => true)).data).toEqual({ items: [] });
  });

  it.each([RUNS, '/api/v1/approvals'])('has no pages but the first: %s', async (path) => {
    const { json } = await harness.ask('viewer', 'GET', `${path}?cursor=1`, { headers: { accept: 'text/event-stream' } });
    expect(json).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    expect((await harness.ask('viewer', 'GET', path, { headers: { accept: '*/*' } })).headers['content-type']).toContain('application/json');
    expect((await harness.ask(undefined, 'GET', path, { headers: { accept: 'text/event-stream' } })).status).toBe(401);
  });
});

describe('a list of runs', () => {
  it('refuses what it cannot be asked for', async () => {
    for (const query of ['trigger=never', 'until=yesterday', `q=${'x'.repeat(257)}`, 'acter=ada']) {
      expect((await harness.ask('viewer', 'GET', `${RUNS}?${query}`)).json, query).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    }
    expect((await harness.ask('viewer', 'GET', `${RUNS}?q=${'x'.repeat(256)}&branch=&actor=a&trigger=push&until=2999-01-01T00:00:00Z`)).json).toEqual({ items: [] });
  });

  it('narrows by who started it, and until when', async () => {
    const { client } = clientOf('viewer@five');
    await harness.run('runner@five', 'hello');
    await harness.run('author@five', 'hello');
    const by = (query: object) => client.call('listRuns', { query }).then(({ items }) => items.map(({ trigger }) => trigger.actor));
    expect(await by({ actor: 'author of five' })).toEqual(['author of five']);
    expect(await by({ q: 'AUTHOR OF' })).toEqual(['author of five']);
    expect(await by({ trigger: 'push' })).toEqual([]);
    expect(await by({ until: '2020-01-01T00:00:00Z' })).toEqual([]);
    expect(await by({ until: '2999-01-01T01:00:00+01:00' })).toEqual(['author of five', 'runner of five']);
  });
});

import { createHmac } from 'node:crypto';

import type { JsonObject, RunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { afterEach, describe, expect, it } from 'vitest';

import type { EngineDeps } from './deps.js';
import { finishDeliveries, sweepDeliveries } from './finish-deliveries.js';
import { type Harness, openHarness, replacing } from './harness.fixture.js';
import { listDeliveries } from './list-deliveries.js';
import { manualClock } from './manual-clock.fixture.js';
import { type Received, receiveDelivery } from './receive-delivery.js';
import { replayDelivery } from './replay-delivery.js';
import { startByPush } from './start-by-push.js';

const listening = (id: string, on: string): string => `
id: ${id}
on: ${on}
jobs:
  a:
    steps:
      - uses: "@x/y/do:it"
`;
const WORKFLOWS = {
  'issues.yml': listening('issues', '{ webhook: { source: github, events: [issues], secret: ONE } }'),
  'code.yml': listening('code', '{ push: {}, webhook: { source: github, events: [push], secret: ONE } }'),
};

let harness: Harness;
let clock: ReturnType<typeof manualClock>;
afterEach(() => harness.close());

const VALUES: Readonly<Record<string, string>> = { ONE: 'first secret', REPO: 'secret of the repository' };

async function open(options: { triggers?: EngineDeps['triggers'] } = {}): Promise<EngineDeps> {
  clock = manualClock();
  harness = await openHarness({
    workflows: WORKFLOWS,
    clock,
    wrap: (deps) => ({ ...deps, secrets: { get: (name) => Promise.resolve(VALUES[name]), list: () => Promise.resolve([]), whereOf: (name) => name }, ...(options.triggers === undefined ? {} : { triggers: options.triggers }) }),
  });
  return harness.deps;
}

interface Sent {
  readonly event?: string;
  readonly body?: JsonObject;
  readonly secret?: string;
  readonly delivery?: string;
}

function send(deps: EngineDeps, { event = 'issues', body = { action: 'opened' }, secret = 'ONE', delivery = 'd1' }: Sent = {}): Promise<Received> {
  const rawBody = Buffer.from(JSON.stringify(body));
  const signature = createHmac('sha256', VALUES[secret] ?? '').update(rawBody).digest('hex');
  return receiveDelivery(deps, {
    source: 'github',
    headers: { 'x-github-event': event, 'x-github-delivery': delivery, 'x-hub-signature-256': `sha256=${signature}`, 'x-api-key': 'k', 'content-type': 'application/json' },
    rawBody,
    readBody: () => body,
  });
}

const runsOf = (received: Received): (string | null)[] => (received.kind === 'accepted' ? received.delivery.runs.map(({ runId }) => runId) : []);
const count = async (deps: EngineDeps): Promise<number> => (await deps.catalog.listRuns({ limit: 200 })).length;

describe('a delivery', () => {
  it('is refused before it is read, whatever it says', async () => {
    const deps = await open();
    let read = 0;
    const refused = receiveDelivery(deps, { source: 'github', headers: { 'x-github-event': 'issues' }, rawBody: Buffer.from('{}'), readBody: () => ((read += 1), {}) });
    await expect(refused).rejects.toMatchObject({ code: 'WEBHOOK_REFUSED' });
    await expect(send(deps, { secret: 'REPO' })).rejects.toMatchObject({ code: 'WEBHOOK_REFUSED' });
    expect([read, (await listDeliveries(deps, {})).items.length]).toEqual([0, 0]);
  });

  it('is carried out later when the state was away after it was kept, with the same runs as often as it is tried', async () => {
    const deps = await open();
    const away: EngineDeps = { ...deps, log: replacing(deps.log, { create: () => Promise.reject(new AppError('STATE_UNAVAILABLE', { problem: 'away' })) }) };
    const received = await send(away);
    expect(received).toMatchObject({ kind: 'accepted', delivery: { outcome: 'starting', runs: [{ workflowId: 'issues', runId: null, problem: null }] } });
    await Promise.all([finishDeliveries(deps), finishDeliveries(deps)]);
    await finishDeliveries(deps);
    const { items } = await listDeliveries(deps, {});
    expect(items).toMatchObject([{ outcome: 'started', headers: { 'x-github-event': 'issues' } }]);
    expect(items[0]?.headers).not.toHaveProperty('x-api-key');
    expect(items[0]?.headers).not.toHaveProperty('x-hub-signature-256');
    expect(await count(deps)).toBe(1);
    const [event] = await deps.log.read(items[0]?.runs[0]?.runId as RunId, 0);
    expect(event).toMatchObject({ trigger: { type: 'webhook', event: 'issues.opened', payload: { action: 'opened' }, delivery: 'd1' } });
    expect(runsOf(await send(deps))).toEqual([items[0]?.runs[0]?.runId]);
  });

  it('says what could not be started', async () => {
    const deps = await open();
    const bad: EngineDeps = { ...deps, log: replacing(deps.log, { create: () => Promise.reject(new AppError('INPUT_INVALID', { problem: 'no' })) }) };
    expect(await send(bad)).toMatchObject({ delivery: { outcome: 'failed', runs: [{ runId: null, problem: { code: 'INPUT_INVALID' } }] } });
  });

  it('starts nothing when it has the key that is the daemon\'s own, and is kept with that', async () => {
    const deps = await open();
    const body = { action: 'opened', issue: { labels: [{ kheish_flow: { flow_id: 'f' } }] } };
    const received = await send(deps, { body });
    const { items } = await listDeliveries(deps, {});
    expect(received).toMatchObject({ kind: 'accepted', delivery: { outcome: 'ignored', runs: [] } });
    expect(items[0]?.ignored).toContainEqual({ workflowId: 'issues', reason: expect.stringContaining('issue.labels[0].kheish_flow') as string });
    expect(await replayDelivery(deps, { id: items[0]?.id ?? '' })).toMatchObject({ outcome: 'ignored' });
    expect(await deps.catalog.listRuns({ limit: 10 })).toEqual([]);
  });

  it('keeps bodies that are larger than a record, to the letter', async () => {
    const deps = await open();
    const text = '"\\\u{1F600}'.repeat(130_000);
    const received = await send(deps, { body: { action: 'opened', text } });
    const again = await replayDelivery(deps, { id: received.kind === 'accepted' ? received.delivery.id : '' });
    const [event] = await deps.log.read(again.runs[0]?.runId as RunId, 0);
    expect(event?.type === 'run.started' && event.trigger.payload).toEqual({ action: 'opened', text });
    expect(again.runs[0]?.runId).not.toBe(runsOf(received)[0]);
  });

  it('and a hook of git that tell of the same commit start one run of each workflow', async () => {
    const deps = await open({ triggers: { tenant: 'acme', repository: { source: 'github', secrets: ['REPO'] } } });
    const sha = 'b'.repeat(40);
    const seen = { push: { ref: 'refs/heads/main', branch: 'main', paths: ['a'] }, sha, actor: 'ada' };
    const [first] = await startByPush(deps, seen);
    const told = await send(deps, { event: 'push', body: { ref: 'refs/heads/main', after: sha, commits: [] }, secret: 'REPO' });
    expect(runsOf(told)).toEqual([first?.runId]);
    expect(await startByPush(deps, seen)).toEqual([{ workflowId: 'code', runId: first?.runId, repeated: true }]);
    expect((await startByPush(deps, { ...seen, push: { ...seen.push, ref: 'refs/heads/other', branch: 'other' } }))[0]?.repeated).toBe(false);
    expect((await deps.catalog.listRuns({ limit: 10, tenant: 'acme' })).length).toBe(2);
    expect((await listDeliveries(deps, { tenant: 'default' })).items).toEqual([]);
    await expect(replayDelivery(deps, { id: (await listDeliveries(deps, {})).items[0]?.id ?? '', tenant: 'default' })).rejects.toMatchObject({ code: 'DELIVERY_NOT_FOUND' });
  });

  it('is kept for a week, and of too many the newest are', async () => {
    const deps = await open();
    for (let n = 0; n < 5; n += 1) {
      await send(deps, { delivery: `d${String(n)}` });
      clock.advance(1_000);
    }
    expect(await sweepDeliveries(deps, 2)).toBe(3);
    expect((await listDeliveries(deps, { limit: 1 })).items).toMatchObject([{ delivery: 'd4' }]);
    const page = await listDeliveries(deps, { limit: 1 });
    expect((await listDeliveries(deps, { limit: 5, cursor: page.nextCursor ?? '' })).items).toMatchObject([{ delivery: 'd3' }]);
    // What it was is forgotten; that it was is not.
    expect(await send(deps, { delivery: 'd0' })).toMatchObject({ repeated: true });
    clock.advance(7 * 24 * 3_600_000);
    expect((await listDeliveries(deps, {})).items).toEqual([]);
    expect(await send(deps, { delivery: 'd0' })).toMatchObject({ repeated: false });
  });
});

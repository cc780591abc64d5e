import { createHmac } from 'node:crypto';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { type Harness, openHarness } from './harness.fixture.js';

const SECRET = 'a secret of the sender';
const workflow = (id: string, on: string): string => `id: ${id}\non: ${on}\njobs: { a: { steps: [{ uses: "builtin:approval", with: { title: Go on? } }] } }\n`;

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness({
    works: false,
    workflows: {
      'nightly.yml': workflow('nightly', '{ schedule: [{ cron: "0 2 * * *" }] }'),
      'told.yml': workflow('told', '{ webhook: { source: generic, secret: SENDER, signature-header: X-Sign, delivery-header: X-Id } }'),
    },
    wrap: (deps) => ({ ...deps, secrets: { get: (name) => Promise.resolve(name === 'SENDER' ? SECRET : undefined), list: () => Promise.resolve([]), whereOf: (name) => name } }),
  });
});
afterAll(() => harness.close());

const deliver = (body: string, headers: Readonly<Record<string, string>> = {}) =>
  harness.ask(undefined, 'POST', '/api/v1/webhooks/generic', { body, headers: { 'x-sign': createHmac('sha256', SECRET).update(body).digest('hex'), ...headers } });

it('shows schedules to their tenant, and lets them be paused, gone on with and triggered', async () => {
  const { items } = (await harness.ask('viewer', 'GET', '/api/v1/schedules')).json as { items: { id: string }[] };
  expect(items).toMatchObject([{ workflowId: 'nightly', cron: '0 2 * * *', timezone: 'UTC', status: 'active', next: { length: 10 } }]);
  const at = `/api/v1/schedules/${encodeURIComponent(items[0]?.id ?? '')}`;
  expect((await harness.ask('author', 'POST', `${at}/pause`)).json).toMatchObject({ status: 'paused', paused: { by: 'author of default' } });
  expect((await harness.ask('author', 'POST', `${at}/resume`)).json).toMatchObject({ status: 'active', paused: null });
  const triggered = await harness.ask('runner', 'POST', `${at}/trigger`);
  expect([triggered.status, triggered.json]).toMatchObject([201, { workflowId: 'nightly', trigger: { type: 'schedule', actor: 'runner of default' } }]);
  expect((await harness.ask('viewer@other', 'GET', '/api/v1/schedules')).json).toEqual({ items: [] });
  for (const act of ['pause', 'resume', 'trigger']) expect((await harness.ask('admin@other', 'POST', `${at}/${act}`)).json, act).toMatchObject({ code: 'SCHEDULE_NOT_FOUND' });
});

it('takes a delivery by its signature alone, and shows it to its tenant', async () => {
  const answer = await deliver('{"a":1}', { 'x-id': 'one' });
  expect([answer.status, answer.json]).toMatchObject([202, { repeated: false, runs: [{ workflowId: 'told', problem: null }] }]);
  const { delivery, runs } = answer.json as { delivery: string; runs: { runId: string }[] };
  expect((await deliver('{"a":1}', { 'x-id': 'one' })).json).toMatchObject({ delivery, repeated: true, runs });
  expect((await harness.ask('viewer', 'GET', `/api/v1/workflows/runs/${runs[0]?.runId ?? ''}`)).json).toMatchObject({ trigger: { type: 'webhook', event: 'message', delivery: 'one', payload: { a: 1 } } });
  expect((await harness.ask('viewer', 'GET', '/api/v1/deliveries')).json).toMatchObject({ items: [{ id: delivery, outcome: 'started', headers: { 'x-id': 'one' } }] });
  const replayed = await harness.ask('author', 'POST', `/api/v1/deliveries/${delivery}/replay`);
  expect([replayed.status, replayed.json]).toMatchObject([201, { replayOf: delivery, runs: [{ workflowId: 'told' }] }]);
  expect((await harness.ask('viewer@other', 'GET', '/api/v1/deliveries')).json).toEqual({ items: [] });
  expect((await harness.ask('admin@other', 'POST', `/api/v1/deliveries/${delivery}/replay`)).status).toBe(404);
});

it('reads nothing of what is not signed, and says what is wrong with what is', async () => {
  const refused = async (...request: Parameters<typeof deliver>) => {
    const { status, json } = await deliver(...request);
    return [status, (json as { code: string }).code];
  };
  expect(await refused('{"a"', { 'x-sign': '0'.repeat(64), 'x-id': 'x' })).toEqual([401, 'WEBHOOK_REFUSED']);
  expect(await refused('{"a"', { 'x-id': 'x' })).toEqual([400, 'REQUEST_INVALID']);
  expect(await refused('{}', { 'x-id': 'x', 'content-encoding': 'gzip' })).toEqual([415, 'BODY_TYPE']);
  expect(await refused(`"${'x'.repeat(1024 * 1024 - 2)}"`, { 'x-sign': 'none' })).toEqual([401, 'WEBHOOK_REFUSED']);
  expect(await refused(`"${'x'.repeat(1024 * 1024 - 1)}"`)).toEqual([413, 'BODY_TOO_LARGE']);
  expect((await harness.ask('admin', 'POST', '/api/v1/webhooks/nobody')).json).toMatchObject({ code: 'WEBHOOK_UNKNOWN' });
});

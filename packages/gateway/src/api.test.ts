import { type ROUTE_NAMES, readPart, type RouteName, ROUTES, type RouteSpec } from '@kb-labs/contracts/http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { APPROVAL, type Answer, HELLO, type Harness, idOf, openHarness, WAITING } from './harness.fixture.js';

const RUNS = '/api/v1/workflows/runs';
let harness: Harness;

beforeAll(async () => {
  harness = await openHarness({ workflows: { 'hello.yml': HELLO, 'ask.yml': APPROVAL, 'listen.yml': WAITING, 'call.yml': WAITING.replace('id: listen', 'id: called').replace('signal: go', 'callback: true'), 'broken.yml': 'id: broken\njobs: 3\n' } });
});
afterAll(() => harness.close());

/** Asks for a route, and holds its answer against the table. */
async function answerOf(name: (typeof ROUTE_NAMES)[number], path: string, { as = 'admin', body }: { as?: string; body?: unknown } = {}): Promise<Answer> {
  const answer = await harness.ask(as, ROUTES[name].method, path, { body });
  expectPromised(name, answer);
  return answer;
}

function expectPromised(name: RouteName, answer: Answer): void {
  const { answers }: RouteSpec = ROUTES[name];
  const promised = answers.find(({ status }) => status === answer.status);
  expect(promised, `${name} answered ${String(answer.status)}: ${answer.text.slice(0, 400)}`).toBeDefined();
  if (promised === undefined || promised.body === 'binary' || 'text' in promised.body) return;
  expect(readPart(promised.body, answer.json), name).toMatchObject({ ok: true });
}

describe('a run over HTTP', () => {
  it('is started, read, explained, listed, and leaves events, lines and an artifact', async () => {
    const started = await answerOf('startRun', RUNS, { body: { workflowId: 'hello', input: { name: 'Ada' } } });
    expect([started.status, started.json]).toMatchObject([201, { workflowId: 'hello', trigger: { type: 'manual', actor: 'admin of default' }, input: { name: 'Ada' } }]);
    const id = idOf(started.json);
    expect(await harness.until('viewer', id, ({ status }) => status === 'success')).toMatchObject({ id });

    expect((await answerOf('getRun', `${RUNS}/${id}`)).json).toMatchObject({ status: 'success', jobs: [{ key: 'greet', outputs: { greeting: 'Hello, Ada' } }] });
    expect((await answerOf('explainRun', `${RUNS}/${id}/explain`)).json).toEqual({ runId: id, status: 'success', nodes: [] });
    expect((await answerOf('listRuns', `${RUNS}?workflowId=hello&status=success&limit=200&since=2020-01-01T00:00:00Z`)).json).toMatchObject({ items: expect.arrayContaining([expect.objectContaining({ id })]) as unknown });
    expect((await answerOf('listRuns', `${RUNS}?workflowId=hello&since=2999-01-01T00:00:00%2B01:00`)).json).toEqual({ items: [] });

    const lines = (await answerOf('runLogs', `${RUNS}/${id}/logs?job=greet&step=say`)).json as { items: { text: string; at: string }[] };
    expect(lines.items.map(({ text }) => text)).toEqual(['Hello, Ada', 'second line']);
    const first = (await answerOf('runLogs', `${RUNS}/${id}/logs?limit=1`)).json as { items: unknown[]; cursor: string; nextCursor?: string };
    expect(first).toMatchObject({ items: [{ text: 'Hello, Ada' }], nextCursor: first.cursor });
    const rest = (await answerOf('runLogs', `${RUNS}/${id}/logs?limit=5000&after=${first.cursor}`)).json as typeof first;
    expect(rest).toEqual({ items: [expect.objectContaining({ text: 'second line' })], cursor: expect.any(String) as string });
    expect((await answerOf('runLogs', `${RUNS}/${id}/logs?after=${rest.cursor}`)).json).toEqual({ items: [], cursor: rest.cursor });
    expect((await harness.ask('viewer', 'GET', `${RUNS}/${id}/logs?limit=5001`)).status).toBe(400);
    expect((await answerOf('getRunDocument', `${RUNS}/${id}/document`)).json).toMatchObject({ file: 'hello.yml', format: 'yaml', text: HELLO });
    const events = (await answerOf('runEvents', `${RUNS}/${id}/events`)).json as { items: { seq: number; type: string }[] };
    expect(events.items.map(({ seq }) => seq)).toEqual(events.items.map((_, index) => index + 1));
    expect(events.items[0]).toMatchObject({ type: 'run.started', workflow: { id: 'hello' }, input: { name: 'Ada' } });
    expect(events.items[0]).not.toHaveProperty('plan');
    expect(events.items.at(-1)).toMatchObject({ type: 'run.finished', status: 'success' });

    expect((await answerOf('listArtifacts', `${RUNS}/${id}/artifacts`)).json).toMatchObject({ items: [{ name: 'docs/note.md', type: 'markdown', label: 'A note', job: 'greet', step: 'say' }] });
    for (const name of ['docs%2Fnote.md', 'greet%2Fsay%2Fdocs%2Fnote.md']) {
      const { text, headers } = await answerOf('getArtifact', `${RUNS}/${id}/artifacts/${name}`);
      expect(text).toBe('# hi\n');
      expect(headers).toMatchObject({ 'content-type': 'text/markdown; charset=utf-8', 'content-disposition': 'attachment; filename="docs-note.md"', 'x-content-type-options': 'nosniff', 'content-length': '5' });
      expect(headers['content-security-policy']).toContain("default-src 'none'");
    }
    const head = await harness.ask('viewer', 'HEAD', `${RUNS}/${id}/artifacts/docs%2Fnote.md`);
    expect([head.status, head.headers['content-length'], head.text]).toEqual([200, '5', '']);
    expect((await harness.ask('viewer', 'GET', `${RUNS}/${id}/artifacts/docs%2Fnote.mb`)).json).toMatchObject({ code: 'ARTIFACT_NOT_FOUND', hint: expect.stringContaining('docs/note.md') as unknown });
  });

  it('is made once for a key, in the body or in the header, and never for another request', async () => {
    const body = { workflowId: 'hello', input: { name: 'key' } };
    const [first, ...others] = await Promise.all(Array.from({ length: 8 }, (_, n) => harness.ask('runner', 'POST', RUNS, n % 2 === 0 ? { body: { ...body, idempotencyKey: 'k-1' } } : { body, headers: { 'idempotency-key': 'k-1' } })));
    const all = [first, ...others].flatMap((one) => one ?? []);
    for (const one of all) expectPromised('startRun', one);
    expect(all.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
    expect(new Set(all.map(({ json }) => idOf(json))).size).toBe(1);
    const conflict = await harness.ask('runner', 'POST', RUNS, { body: { ...body, input: {}, idempotencyKey: 'k-1' } });
    expect([conflict.status, conflict.json]).toMatchObject([409, { code: 'IDEMPOTENCY_CONFLICT' }]);
    const both = await harness.ask('runner', 'POST', RUNS, { body: { ...body, idempotencyKey: 'k-1' }, headers: { 'idempotency-key': 'k-2' } });
    expect([both.status, both.json]).toMatchObject([400, { code: 'REQUEST_INVALID', details: { problems: [{ at: 'header.Idempotency-Key' }] } }]);
    const none = await harness.ask('runner', 'POST', '/api/v1/signals/x', { body: {}, headers: { 'idempotency-key': 'k-2' } });
    expect([none.status, none.json]).toMatchObject([400, { details: { problems: [{ at: 'header.Idempotency-Key', message: 'this route takes none' }] } }]);
  });

  it('is run again, once for a key', async () => {
    const { id } = await harness.run('runner', 'hello');
    const again = await answerOf('rerunRun', `${RUNS}/${id}/rerun`, { as: 'runner', body: { mode: 'from', from: 'say', idempotencyKey: 'r-1' } });
    expect([again.status, again.json]).toMatchObject([201, { rerunOf: id, again: [{ job: 'greet', step: 'say', why: 'it was chosen' }] }]);
    const repeated = await answerOf('rerunRun', `${RUNS}/${id}/rerun`, { as: 'runner', body: { from: 'say', mode: 'from', idempotencyKey: 'r-1' } });
    expect([repeated.status, idOf(repeated.json)]).toEqual([200, idOf(again.json)]);
    expect((await harness.ask('runner', 'POST', `${RUNS}/${id}/rerun`, { body: { idempotencyKey: 'r-1' } })).status).toBe(409);
    expect((await harness.ask('runner', 'POST', `${RUNS}/${id}/rerun`, { body: { mode: 'failed' } })).json).toMatchObject({ code: 'RERUN_INVALID' });
    expect((await harness.ask('runner', 'POST', `${RUNS}/${id}/rerun`, { body: { mode: 'failed', from: 'say' } })).json).toMatchObject({ code: 'REQUEST_INVALID' });
    expect((await answerOf('rerunRun', `${RUNS}/${id}/rerun`)).status).toBe(201);
  });

  it('is cancelled, with nothing in the body or a note', async () => {
    const id = idOf((await answerOf('startRun', RUNS, { body: { workflowId: 'listen' } })).json);
    expect((await answerOf('cancelRun', `${RUNS}/${id}/cancel`, { as: 'runner', body: { note: 'enough' } })).json).toMatchObject({ id });
    await harness.until('viewer', id, ({ status }) => status === 'cancelled');
    expect((await answerOf('cancelRun', `${RUNS}/${id}/cancel`, { as: 'runner' })).json).toMatchObject({ status: 'cancelled' });
    const { id: over } = await harness.run('runner', 'hello');
    expect((await harness.ask('runner', 'POST', `${RUNS}/${over}/cancel`)).json).toMatchObject({ code: 'RUN_FINISHED', status: 409 });
  });
});

describe('what a run waits for over HTTP', () => {
  it('is an approval, signed with the name of the key', async () => {
    const id = idOf((await answerOf('startRun', RUNS, { body: { workflowId: 'ask' } })).json);
    await harness.until('viewer', id, ({ status }) => status === 'waiting');
    const page = (await answerOf('listApprovals', '/api/v1/approvals?limit=5', { as: 'viewer' })).json as { items: { runId: string; subject: string }[] };
    const pending = page.items.find(({ runId }) => runId === id);
    expect(pending).toMatchObject({ step: 'ok', title: 'Ship it?' });
    const path = `${RUNS}/${id}/steps/decide%2Fok/approval`;
    expect((await harness.ask('approver', 'POST', path, { body: { decision: 'approved', subject: 'sha256:0' } })).json).toMatchObject({ code: 'APPROVAL_CHANGED' });
    expect((await answerOf('decideApproval', path, { as: 'approver', body: { decision: 'approved', subject: pending?.subject } })).status).toBe(200);
    expect(await harness.until('viewer', id, ({ status }) => status === 'success')).toMatchObject({ jobs: [{ outputs: { by: 'approver of default' } }] });
    expect((await harness.ask('approver', 'POST', path, { body: { decision: 'rejected' } })).json).toMatchObject({ code: 'NOT_WAITING' });
  });

  it('is a signal or a callback, whose body is the payload', async () => {
    const listening = idOf((await answerOf('startRun', RUNS, { body: { workflowId: 'listen' } })).json);
    await harness.until('viewer', listening, ({ status }) => status === 'waiting');
    expect((await answerOf('sendSignal', `/api/v1/signals/go?runId=${listening}`, { as: 'runner', body: { pieces: 12 } })).json).toEqual({ name: 'go', resumed: [{ runId: listening, job: 'hear', step: 'wait' }] });
    expect(JSON.stringify(await harness.until('viewer', listening, ({ status }) => status === 'success'))).toContain(String.raw`\"pieces\": 12`);
    expect((await harness.ask('runner', 'POST', '/api/v1/signals/go')).json).toMatchObject({ code: 'SIGNAL_UNHEARD' });

    const called = idOf((await answerOf('startRun', RUNS, { body: { workflowId: 'called' } })).json);
    await harness.until('viewer', called, ({ status }) => status === 'waiting');
    const address = new URL(harness.deps.callbacks.urlOf(called as never)).pathname;
    expect((await harness.ask(undefined, 'POST', `${address}x`, { body: [1] })).json).toMatchObject({ code: 'CALLBACK_UNKNOWN', status: 404 });
    const answer = await harness.ask(undefined, 'POST', address, { body: { order: 4711 } });
    expectPromised('callBack', answer);
    expect([answer.status, answer.json]).toEqual([200, { runId: called }]);
    expect(JSON.stringify(await harness.until('viewer', called, ({ status }) => status === 'success'))).toContain('4711');
  });
});

describe('the project over HTTP', () => {
  it('shows its workflows and plugins, and checks documents', async () => {
    expect((await answerOf('listWorkflows', '/api/v1/workflows', { as: 'viewer' })).json).toMatchObject({ items: expect.arrayContaining([expect.objectContaining({ id: 'hello', valid: true })]) as unknown });
    expect((await answerOf('getWorkflow', '/api/v1/workflows/hello', { as: 'viewer' })).json).toMatchObject({ id: 'hello', inputs: { name: { default: 'world' } } });
    expect((await harness.ask('viewer', 'GET', '/api/v1/workflows/helo')).json).toMatchObject({ code: 'WORKFLOW_NOT_FOUND', hint: 'did you mean "hello"?; there are errors in broken.yml' });
    expect((await answerOf('validateWorkflows', '/api/v1/workflows/validate', { as: 'viewer' })).json).toMatchObject({ valid: false, diagnostics: [{ file: 'broken.yml' }] });
    expect((await answerOf('validateWorkflows', '/api/v1/workflows/validate', { as: 'viewer', body: { documents: [{ file: 'x.yml', text: HELLO }] } })).json).toMatchObject({ valid: true });
    expect((await answerOf('listPlugins', '/api/v1/plugins', { as: 'viewer' })).json).toEqual({ items: [] });
  });
});

describe('lists', () => {
  it('go on with a cursor until there is no more', async () => {
    for (let n = 0; n < 3; n += 1) await harness.ask('runner@pages', 'POST', RUNS, { body: { workflowId: 'listen' } });
    const ids: string[] = [];
    for (let cursor = ''; ; ) {
      const { items, nextCursor } = (await answerOf('listRuns', `${RUNS}?limit=2${cursor}`, { as: 'viewer@pages' })).json as { items: { id: string }[]; nextCursor?: string };
      ids.push(...items.map(({ id }) => id));
      if (nextCursor === undefined) break;
      cursor = `&cursor=${nextCursor}`;
    }
    expect(ids).toEqual([...new Set(ids)].toSorted().toReversed());
    expect(ids).toHaveLength(3);
    const pages: unknown[] = [];
    for (let after = ''; ; ) {
      const { items, nextCursor } = (await answerOf('runEvents', `${RUNS}/${ids[0] ?? ''}/events?limit=1${after}`, { as: 'viewer@pages' })).json as { items: unknown[]; nextCursor?: string };
      pages.push(...items);
      if (nextCursor === undefined) break;
      after = `&after=${nextCursor}`;
    }
    expect(pages).toEqual(((await answerOf('runEvents', `${RUNS}/${ids[0] ?? ''}/events`, { as: 'viewer@pages' })).json as { items: unknown[] }).items);
  });

  it('refuse cursors that are none', async () => {
    const { id } = await harness.run('runner', 'hello');
    for (const [path, code] of [
      [`${RUNS}?cursor=x`, 'REQUEST_INVALID'],
      [`${RUNS}?cursor=`, 'REQUEST_INVALID'],
      [`${RUNS}?limit=0`, 'REQUEST_INVALID'],
      [`${RUNS}?limit=201`, 'REQUEST_INVALID'],
      [`${RUNS}?limit=2&limit=3`, 'REQUEST_INVALID'],
      [`${RUNS}?since=yesterday`, 'REQUEST_INVALID'],
      [`${RUNS}?status=done`, 'REQUEST_INVALID'],
      ['/api/v1/approvals?cursor=1.5', 'REQUEST_INVALID'],
      [`${RUNS}/${id}/events?after=-1`, 'REQUEST_INVALID'],
      [`${RUNS}/${id}/events?after=1e3`, 'REQUEST_INVALID'],
      [`${RUNS}/${id}/logs?after=1-5`, 'REQUEST_INVALID'],
      [`${RUNS}/${id}/logs?after=${'9'.repeat(16)}`, 'REQUEST_INVALID'],
    ] as const) {
      const { status, json } = await harness.ask('admin', 'GET', path);
      expect([status, json], path).toMatchObject([400, { code }]);
    }
  });
});

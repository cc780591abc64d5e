import type { Caller, FlowView, PromptView, SessionRunView, TaskView } from '@kb-labs/contracts';
import { readPart, ROUTE_NAMES, type RouteName, ROUTES, type RouteSpec } from '@kb-labs/contracts/http';
import { listAudit } from '@kb-labs/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { answerRoute, isEngineRoute } from './engine-routes.js';
import { type Answer, APPROVAL, HELLO, type Harness, openHarness } from './harness.fixture.js';

const FILL = `
id: fill
jobs: { ask: { steps: [ { id: where, uses: "builtin:approval", with: { title: Where?, form: { type: object, properties: { region: { type: string } } } } } ] } }
`;
const CALLS = `
id: calls
jobs: { call: { steps: [ { id: child, uses: "workflow://hello" } ] } }
`;
const MANIFEST = { playbook_id: 'ship', version: '1', title: 'Ship', objective: 'It is shipped.', runtime_defaults: { workflow_id: 'ask' }, required_evidence: [{ kind: 'review' }] };
const REVIEW = [{ kind: 'review', id: 'PR-1' }];
const NO_DIGEST = `sha256:${'0'.repeat(64)}`;

let harness: Harness;
/** The routes that were answered as they promise. */
const kept = new Set<RouteName>();

beforeAll(async () => {
  harness = await openHarness({ workflows: { 'hello.yml': HELLO, 'ask.yml': APPROVAL, 'fill.yml': FILL, 'calls.yml': CALLS } });
});
afterAll(() => harness.close());

/** Asks a route, and holds its answer to what the table promises of it. */
async function ask<Body>(name: RouteName, request: { id?: string; query?: string; body?: object; as?: string; status?: number; headers?: Record<string, string> } = {}): Promise<Body> {
  const { id = '', query = '', body, as = 'admin', status = 200, headers } = request;
  const route: RouteSpec = ROUTES[name];
  const answer = await harness.ask(as, route.method, `${route.path.replace(':id', encodeURIComponent(id))}${query}`, { ...(body === undefined ? {} : { body }), ...(headers === undefined ? {} : { headers }) });
  expect([answer.status, answer.text.slice(0, 500)], name).toEqual([status, expect.anything()]);
  const promised = route.answers.find((one) => one.status === answer.status);
  if (promised !== undefined && promised.body !== 'binary' && !('text' in promised.body)) {
    expect(readPart(promised.body, answer.json), name).toMatchObject({ ok: true });
    kept.add(name);
  }
  return answer.json as Body;
}

async function refused(name: RouteName, request: Parameters<typeof ask>[1]): Promise<string> {
  const { id = '', query = '', body, as = 'admin' } = request ?? {};
  const { method, path } = ROUTES[name];
  const answer: Answer = await harness.ask(as, method, `${path.replace(':id', id).replace(':name', 'go')}${query}`, body === undefined ? {} : { body });
  return `${String(answer.status)} ${(answer.json as { code: string }).code}`;
}

async function until<Found>(read: () => Promise<Found>, holds: (found: Found) => boolean): Promise<Found> {
  for (;;) {
    const found = await read();
    if (holds(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const runUntil = (id: string, status: SessionRunView['status']): Promise<SessionRunView> => until(() => ask<SessionRunView>('getSessionRun', { id }), (run) => run.status === status);
const page = <Item>(name: RouteName, query = '', id?: string) => ask<{ items: Item[]; next_cursor?: string }>(name, { query, ...(id === undefined ? {} : { id }) });

let digest: string;

describe('a playbook over HTTP', () => {
  it('is checked, kept once, published on evidence, compared and revoked', async () => {
    const text = JSON.stringify(MANIFEST);
    const checked = await ask<{ valid: boolean; digest: string }>('validatePlaybook', { as: 'viewer', body: { text } });
    expect(checked).toMatchObject({ valid: true, manifest: MANIFEST });
    expect(await ask('validatePlaybook', { body: { text: 'title: 1', file: 'm.yml' } })).toMatchObject({ valid: false, manifest: null, diagnostics: expect.arrayContaining([expect.objectContaining({ file: 'm.yml' })]) as unknown });
    const made = await ask<{ digest: string }>('createPlaybook', { as: 'author', body: { manifest: MANIFEST }, status: 201 });
    expect(made).toMatchObject({ status: 'draft', startable: false, digest: checked.digest, created_by: 'author of default' });
    ({ digest } = made);
    await ask('createPlaybook', { body: { manifest: MANIFEST }, status: 200 });
    expect(await refused('createPlaybook', { body: { manifest: { ...MANIFEST, title: 'Another' } } })).toBe('409 PLAYBOOK_CONFLICT');
    const start = { playbook_ref: { playbook_id: 'ship', version: '1', digest }, session_id: 'none', request: {} };
    expect(await refused('startFlow', { body: start })).toBe('409 PLAYBOOK_NOT_STARTABLE');

    const publish = { version: '1', digest, status: 'active', evidence_refs: REVIEW };
    expect(await refused('publishPlaybook', { id: 'ship', body: { ...publish, evidence_refs: [] } })).toBe('422 PLAYBOOK_EVIDENCE_MISSING');
    expect(await refused('publishPlaybook', { id: 'ship', body: { ...publish, digest: NO_DIGEST } })).toBe('409 PLAYBOOK_DIGEST_MISMATCH');
    expect(await refused('publishPlaybook', { id: 'ship', body: { ...publish, status: 'revoked' } })).toBe('400 REQUEST_INVALID');
    expect(await ask('publishPlaybook', { id: 'ship', as: 'approver', body: publish })).toMatchObject({ status: 'active', startable: true });

    const next = await ask<{ digest: string }>('createPlaybook', { body: { manifest: { ...MANIFEST, version: '2', objective: 'It is shipped well.' } }, status: 201 });
    expect(await ask('diffPlaybooks', { id: 'ship', query: '?from=1&to=2' })).toMatchObject({ manifest: expect.arrayContaining([expect.objectContaining({ path: 'objective' })]) as unknown });
    const revoke = { version: '2', digest: next.digest, reason: 'a mistake' };
    expect(await ask('revokePlaybook', { id: 'ship', body: revoke })).toMatchObject({ status: 'revoked', history: [{ to: 'draft' }, { to: 'revoked', reason: 'a mistake' }] });
    expect(await ask('getPlaybook', { id: 'ship' })).toMatchObject({ version: '1', status: 'active' });
    expect(await ask('getPlaybook', { id: 'ship', query: '?version=2' })).toMatchObject({ version: '2' });
    const first = await page<{ version: string }>('listPlaybooks', '?playbook_id=ship&limit=1');
    expect([first.items.map(({ version }) => version), first.next_cursor]).toEqual([['1'], expect.any(String)]);
    expect((await page<{ version: string }>('listPlaybooks', `?limit=1&cursor=${encodeURIComponent(first.next_cursor ?? '')}`)).items.map(({ version }) => version)).toEqual(['2']);
  });
});

describe('sessions over HTTP', () => {
  it('are opened once, take runs one after the other, and end', async () => {
    const opened = await ask('createSession', { as: 'runner', body: { session_id: 's1', title: 'One', metadata: { a: 1 } }, status: 201 });
    expect(opened).toMatchObject({ session_id: 's1', status: 'idle', created_by: 'runner of default' });
    await ask('createSession', { body: { session_id: 's1', title: 'One', metadata: { a: 1 } }, status: 200 });
    expect(await refused('createSession', { body: { session_id: 's1' } })).toBe('409 SESSION_CONFLICT');

    const asks = await ask<SessionRunView>('submitInput', { id: 's1', body: { workflow_id: 'ask', metadata: { who: 'me' } }, status: 201 });
    const calls = await ask<SessionRunView>('submitInput', { id: 's1', body: { workflow_id: 'calls', idempotency_key: 'k' }, status: 201 });
    expect(await ask('submitInput', { id: 's1', body: { workflow_id: 'calls' }, headers: { 'idempotency-key': 'k' }, status: 200 })).toMatchObject({ run_id: calls.run_id });
    expect(calls.status).toBe('queued');
    expect(await ask('getSession', { id: 's1' })).toMatchObject({ status: 'busy', active_run_id: asks.run_id, queued_run_ids: [calls.run_id] });
    expect(await page('sessionRunEvents', '', calls.run_id)).toEqual({ items: [] });
    expect(await refused('endSession', { id: 's1', body: {} })).toBe('409 SESSION_BUSY');

    const waiting = await runUntil(asks.run_id, 'waiting_for_approval');
    expect(waiting).toMatchObject({ metadata: { who: 'me' }, pending_approval_ids: [`${asks.run_id}.decide.ok.1`] });
    const following = harness.ask('viewer', 'GET', `/v1/runs/${calls.run_id}/events`, { headers: { accept: 'text/event-stream' } });
    const [approval = ''] = waiting.pending_approval_ids;
    expect((await page<PromptView>('listSessionApprovals', '?status=pending')).items).toMatchObject([{ id: approval, status: 'pending' }]);
    const { subject } = await ask<PromptView>('getApproval', { id: approval });
    expect(await refused('getQuestion', { id: approval })).toBe('404 PROMPT_NOT_FOUND');
    expect(await refused('allowApproval', { id: approval, body: { subject: NO_DIGEST } })).toMatch(/^409 /);
    expect(await ask('allowApproval', { id: approval, as: 'approver', body: { subject, comment: 'fine' } })).toMatchObject({ status: 'allowed', resolved_by: 'approver of default', comment: 'fine' });
    expect(await refused('denyApproval', { id: approval, body: {} })).toBe('409 NOT_WAITING');

    const called = await runUntil(calls.run_id, 'completed');
    const streamed = await following;
    expect(streamed.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(streamed.text).toMatch(/^id: 1\ndata: \{"seq":1,[^\n]*"type":"run.started"[\s\S]*"type":"run.finished"[^\n]*\n\nevent: end\n/);
    const [child = ''] = called.child_run_ids;
    expect(await ask('getSession', { id: `sc-${child}` })).toMatchObject({ kind: 'sidechain', parent: { session_id: 's1', run_id: calls.run_id } });
    expect((await page<{ kind: string }>('listAgents', '?kind=sidechain')).items).toMatchObject([{ agent_id: `agent-sc-${child}`, spawned_by_run_id: calls.run_id }]);
    expect(await ask('getAgent', { id: 'agent-s1' })).toMatchObject({ kind: 'root', session_id: 's1' });
    expect((await page<SessionRunView>('listRunsOfSession', '', 's1')).items.map(({ run_id }) => run_id)).toEqual([calls.run_id, asks.run_id]);
    expect((await page<SessionRunView>('listSessionRuns', '?limit=200')).items.map(({ run_id }) => run_id)).toEqual(expect.arrayContaining([child, calls.run_id, asks.run_id]));

    const { items } = await page<TaskView>('listTasks', `?run_id=${child}&status=completed`);
    expect(items).toMatchObject([{ task_id: `${child}.greet`, exit_code: 0, session_id: `sc-${child}` }]);
    expect(await ask('getTask', { id: `${child}.greet` })).toMatchObject({ status: 'completed' });
    const output = await page<{ text: string }>('taskOutput', '?limit=1', `${child}.greet`);
    expect([output.items.map(({ text }) => text), output.next_cursor]).toEqual([['Hello, world'], expect.any(String)]);
    expect((await page<{ text: string }>('taskOutput', `?after=${output.next_cursor ?? ''}`, `${child}.greet`)).items.map(({ text }) => text)).toEqual(['second line']);
    expect(await refused('stopTask', { id: `${child}.greet`, body: {} })).toBe('409 TASK_ENDED');

    expect(await ask('endSession', { id: 's1', body: {} })).toMatchObject({ status: 'ended' });
    expect(await refused('submitInput', { id: 's1', body: { workflow_id: 'hello' } })).toBe('409 SESSION_ENDED');
    expect((await page<{ session_id: string }>('listSessions', '?kind=session')).items.map(({ session_id }) => session_id)).toEqual(['s1']);
  }, 30_000);

  it('have their questions answered and refused, their runs cancelled and their tasks stopped', async () => {
    await ask('createSession', { body: { session_id: 's2' }, status: 201 });
    const fill = await ask<SessionRunView>('submitInput', { id: 's2', body: { workflow_id: 'fill' }, status: 201 });
    const [question = ''] = (await runUntil(fill.run_id, 'waiting_for_user_question')).pending_question_ids;
    expect((await page<PromptView>('listQuestions', `?run_id=${fill.run_id}`)).items).toMatchObject([{ id: question, form: { type: 'object' } }]);
    expect(await ask('getQuestion', { id: question })).toMatchObject({ title: 'Where?' });
    expect(await ask('answerQuestion', { id: question, body: { answer: { region: 'eu' } } })).toMatchObject({ status: 'answered', answer: { region: 'eu' } });
    await runUntil(fill.run_id, 'completed');

    const denied = await ask<SessionRunView>('submitInput', { id: 's2', body: { workflow_id: 'ask' }, status: 201 });
    const [approval = ''] = (await runUntil(denied.run_id, 'waiting_for_approval')).pending_approval_ids;
    expect(await ask('denyApproval', { id: approval, body: { comment: 'no' } })).toMatchObject({ status: 'denied', comment: 'no' });
    await runUntil(denied.run_id, 'failed');

    const stopped = await ask<SessionRunView>('submitInput', { id: 's2', body: { workflow_id: 'ask' }, status: 201 });
    await runUntil(stopped.run_id, 'waiting_for_approval');
    const task = { id: `${stopped.run_id}.decide` };
    expect(await ask('stopTask', { ...task, body: { note: 'enough' } })).toMatchObject({ task_id: task.id });
    // Its worker stops it.
    expect(await until(() => ask<TaskView>('getTask', task), ({ status }) => status === 'cancelled')).toMatchObject({ terminal_reason: expect.stringContaining('enough') as unknown });

    const cancelled = await ask<SessionRunView>('submitInput', { id: 's2', body: { workflow_id: 'ask' }, status: 201 });
    await runUntil(cancelled.run_id, 'waiting_for_approval');
    expect(await ask('cancelSessionRun', { id: cancelled.run_id, body: { note: 'enough' } })).toMatchObject({ run_id: cancelled.run_id });
    await runUntil(cancelled.run_id, 'cancelled');
  }, 30_000);
});

describe('a flow over HTTP', () => {
  it('is started once, waits for its approval and its evidence, succeeds and is exported', async () => {
    await ask('createSession', { body: { session_id: 's3' }, status: 201 });
    const start = { flow_id: 'f1', playbook_ref: { playbook_id: 'ship', version: '1', digest }, session_id: 's3', request: {} };
    const flow = await ask<FlowView>('startFlow', { as: 'runner', body: start, headers: { 'idempotency-key': 'one' }, status: 201 });
    expect(await ask('startFlow', { body: { ...start, idempotency_key: 'one' }, status: 200 })).toMatchObject({ flow_id: 'f1', run_id: flow.run_id });
    expect(await refused('startFlow', { body: { ...start, idempotency_key: 'one', metadata: { a: 1 } } })).toBe('409 FLOW_CONFLICT');
    const waiting = await until(() => ask<FlowView>('getFlow', { id: 'f1' }), ({ pending_approval_ids }) => pending_approval_ids.length > 0);
    expect(waiting).toMatchObject({ status: 'waiting', session_id: 's3', release_state_at_start: 'active' });
    const following = harness.ask('viewer', 'GET', '/v1/flows/f1/stream');
    await ask('allowApproval', { id: waiting.pending_approval_ids[0] ?? '', body: {} });
    expect((await following).text).toMatch(/"type":"run.finished"[^\n]*\n\nevent: end\n/);
    const events = await harness.ask('viewer', 'GET', '/v1/flows/f1/stream?limit=2', { headers: { accept: 'application/json' } });
    expect(readPart(ROUTES.streamFlow.answers[0].body, events.json)).toMatchObject({ ok: true, value: { items: [{ seq: 1 }, { seq: 2 }], next_cursor: '2' } });
    kept.add('streamFlow');

    expect(await ask('getFlow', { id: 'f1' })).toMatchObject({ status: 'waiting', reasons: [{ rule: 'evidence-missing' }] });
    expect(await refused('addEvidence', { id: 'f1', body: { evidence_refs: [{ kind: 'run', id: 'run_elsewhere' }] } })).toBe('422 EVIDENCE_NOT_IN_FLOW');
    expect(await ask('addEvidence', { id: 'f1', body: { evidence_refs: REVIEW } })).toMatchObject({ status: 'succeeded', evidence_refs: [{ kind: 'review', basis: 'attestation', by: 'admin of default' }] });
    expect(await ask('exportFlow', { id: 'f1' })).toMatchObject({ flow_id: 'f1', view: { status: 'succeeded' } });
    expect(await refused('cancelFlow', { id: 'f1', body: {} })).toBe('409 RUN_FINISHED');

    const other = await ask<FlowView>('startFlow', { body: { ...start, flow_id: 'f2' }, status: 201 });
    await until(() => ask<FlowView>('getFlow', { id: 'f2' }), ({ pending_approval_ids }) => pending_approval_ids.length > 0);
    expect(await ask('cancelFlow', { id: 'f2', as: 'runner', body: { reason: 'not now' } })).toMatchObject({ flow_id: other.flow_id, cancel_requested: { reason: 'not now' } });
    await until(() => ask<FlowView>('getFlow', { id: 'f2' }), ({ status }) => status === 'cancelled');
    expect((await page<FlowView>('listFlows')).items.map(({ flow_id, status }) => [flow_id, status])).toEqual([['f2', 'cancelled'], ['f1', 'succeeded']]);

    const third = await ask<FlowView>('startFlow', { body: { ...start, flow_id: 'f3' }, status: 201 });
    await ask('revokePlaybook', { id: 'ship', body: { version: '1', digest, reason: 'it was wrong', stop_running: true } });
    expect(await until(() => ask<FlowView>('getFlow', { id: third.flow_id }), ({ status }) => status === 'cancelled')).toMatchObject({ cancel_requested: { reason: 'it was wrong' } });
    expect(await refused('startFlow', { body: { ...start, flow_id: 'f4' } })).toBe('409 PLAYBOOK_NOT_STARTABLE');
  }, 30_000);

  it('is told from others by a key that nobody else may write, at any depth and on any route', async () => {
    const deep = { a: [{ kheish_flow: { flow_id: 'f1' } }] };
    await ask('createSession', { body: { session_id: 's4' }, status: 201 });
    const ref = { playbook_id: 'ship', version: '1', digest };
    const tries: [RouteName, Parameters<typeof ask>[1]][] = [
      ['createSession', { body: { metadata: deep } }],
      ['submitInput', { id: 's4', body: { workflow_id: 'hello', metadata: deep } }],
      ['submitInput', { id: 's4', body: { workflow_id: 'hello', inputs: deep } }],
      ['startFlow', { body: { playbook_ref: ref, session_id: 's4', request: {}, metadata: deep } }],
      ['startFlow', { body: { playbook_ref: ref, session_id: 's4', request: { metadata: deep } } }],
      ['startRun', { body: { workflowId: 'hello', input: deep } }],
      ['sendSignal', { body: deep }],
      ['createPlaybook', { body: { manifest: { ...MANIFEST, version: '3', metadata: deep } } }],
    ];
    for (const [name, request] of tries) expect([name, await refused(name, request)]).toEqual([name, '422 RESERVED_KEY']);
  });

  it('was answered as the table promises, on every route', () => {
    expect(ROUTE_NAMES.filter((name) => isEngineRoute(name) && !kept.has(name))).toEqual([]);
  });
});

describe('a route without a server', () => {
  const caller: Caller = { keyId: null, name: 'ada', role: 'admin', tenant: 'default', via: 'loopback' };

  it('answers the same, refuses the same, and is put on record', async () => {
    const { body } = await answerRoute(harness.deps, caller, { name: 'getFlow', params: { id: 'f1' } });
    expect(JSON.parse(JSON.stringify(body))).toEqual(await ask('getFlow', { id: 'f1' }));
    const paged = await answerRoute(harness.deps, caller, { name: 'listSessions', query: { limit: 1 } });
    expect(JSON.parse(JSON.stringify(paged.body))).toEqual(await page('listSessions', '?limit=1'));
    await expect(answerRoute(harness.deps, caller, { name: 'listSessions', query: { limit: 0 } })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(answerRoute(harness.deps, caller, { name: 'createSession', body: { nmae: 1 } })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await answerRoute(harness.deps, caller, { name: 'createSession', body: { session_id: 'by-hand' } });
    await expect(answerRoute(harness.deps, caller, { name: 'endSession', params: { id: 'nowhere' }, body: {} })).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    const { items } = await listAudit(harness.deps, {});
    expect(items.map(({ actor, action, target, outcome, details }) => [actor, action, target, outcome, details])).toEqual([
      ['ada', 'endSession', '/v1/sessions/nowhere/end', 'refused', { code: 'SESSION_NOT_FOUND' }],
      ['ada', 'endSession', '/v1/sessions/nowhere/end', 'asked', {}],
      ['ada', 'createSession', '/v1/sessions', 'asked', { session_id: 'by-hand' }],
    ]);
  });
});

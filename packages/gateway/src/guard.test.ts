import { ROUTE_NAMES, ROUTES, type RouteSpec } from '@kb-labs/contracts/http';
import { mayDo, ROLES } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Express } from 'express';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { appOf } from './create-gateway.js';
import { APPROVAL, HELLO, type Harness, idOf, noAccess, openHarness, WAITING } from './harness.fixture.js';
import { createMetrics } from './index.js';
import { OpenStreams } from './open-streams.js';

const RUNS = '/api/v1/workflows/runs';
let harness: Harness;

beforeAll(async () => {
  harness = await openHarness({ workflows: { 'hello.yml': HELLO, 'ask.yml': APPROVAL, 'listen.yml': WAITING } });
});
afterAll(() => harness.close());

/** What a live router answers, as `METHOD path`. */
function mountedIn(app: Express): string[] {
  const routes = app.router.stack.flatMap(({ route }) => (route === undefined ? [] : [route]));
  return routes.flatMap((route) => {
    const { methods } = route as unknown as { methods: Record<string, boolean> };
    // The one that refuses all other methods.
    return methods['_all'] === true ? [] : Object.keys(methods).map((method) => `${method.toUpperCase()} ${route.path}`);
  });
}

const rows = ROUTE_NAMES.map((name): RouteSpec & { readonly name: string } => ({ name, ...ROUTES[name] }));
/** What a request without a proof is answered, by the route that asks for one. */
const WITHOUT_PROOF: Readonly<Record<string, unknown[]>> = {
  enterStudio: [401, { code: 'LINK_UNUSABLE' }],
  callBack: [404, { code: 'CALLBACK_UNKNOWN' }],
  receiveDelivery: [404, { code: 'WEBHOOK_UNKNOWN' }],
};
const planned = new Set(rows.map(({ method, path }) => `${method} ${path}`));

describe('the live router', () => {
  it('answers the rows of the table and nothing else', () => {
    const metrics = createMetrics({ ...harness.deps, heldJobs: () => 0 });
    const app = appOf({ checks: {}, metrics, deps: harness.deps, access: noAccess }, new OpenStreams());
    expect(new Set(mountedIn(app))).toEqual(planned);
    app.get('/api/v1/secrets', (_request, response) => void response.json({}));
    expect(mountedIn(app).filter((route) => !planned.has(route))).toEqual(['GET /api/v1/secrets']);
  });

  it('lets nobody in without a key, and nobody whose role may not', async () => {
    for (const { name, method, path, access } of rows) {
      const at = `${path.replaceAll(/:\w+/g, 'x')}${name === 'enterStudio' ? '?code=x' : ''}`;
      const { status, headers, text } = await harness.ask(undefined, method, at);
      const json = text.startsWith('{') ? (JSON.parse(text) as unknown) : undefined;
      if (access === 'public') {
        expect(status, name).toBe(200);
      } else if (access === 'proof') {
        expect([status, json], name).toMatchObject(WITHOUT_PROOF[name] ?? ['a row without an expectation']);
      } else {
        expect([status, headers['www-authenticate'], json], name).toMatchObject([401, 'Bearer realm="kb"', { code: 'UNAUTHENTICATED' }]);
        for (const role of ROLES) {
          const answer = await harness.ask(role, method, at);
          expect(answer.status === 403, `${name} as ${role}`).toBe(!mayDo(role, access));
        }
      }
    }
  });

  it('asks the same of those who want a stream', async () => {
    for (const as of [undefined, 'nobody']) {
      const answer = await harness.ask(as, 'GET', `${RUNS}/x/events`, { headers: { accept: 'text/event-stream' } });
      expect([answer.status, answer.headers['content-type']]).toEqual([401, 'application/problem+json; charset=utf-8']);
    }
  });
});

describe('a request', () => {
  it('is let in, allowed and counted before anything of it is read', async () => {
    const asked: string[] = [];
    const step = (name: string, fails?: AppError) => (): never | void => {
      asked.push(name);
      if (fails !== undefined) throw fails;
    };
    const trial = async (fails: Record<string, AppError>, request: object = { body: { workflowId: 'hello' } }): Promise<{ asked: string[]; status: number; code: unknown }> => {
      asked.length = 0;
      const guarded = await openHarness({
        works: false,
        access: {
          authenticate: () => {
            step('authenticate', fails['authenticate'])();
            return Promise.resolve({ keyId: null, name: 'n', role: 'admin', tenant: 'default', via: 'key' as const });
          },
          authorize: step('authorize', fails['authorize']),
          limit: () => Promise.resolve().then(step('limit', fails['limit'])).then(() => ({ 'RateLimit-Remaining': '3' })),
          record: (entry) => Promise.resolve().then(step(`record ${entry.outcome} ${JSON.stringify(entry.details)}`, entry.outcome === 'asked' ? fails['record'] : undefined)),
        },
      });
      onTestFinished(guarded.close);
      const answer = await guarded.ask('x', 'POST', RUNS, request);
      return { asked: [...asked], status: answer.status, code: (answer.json as { code?: unknown }).code };
    };
    expect(await trial({ authenticate: new AppError('UNAUTHENTICATED', { problem: 'x' }) })).toEqual({ asked: ['authenticate'], status: 401, code: 'UNAUTHENTICATED' });
    expect(await trial({ authorize: new AppError('FORBIDDEN', { problem: 'x' }) })).toEqual({ asked: ['authenticate', 'authorize', 'record refused {"code":"FORBIDDEN"}'], status: 403, code: 'FORBIDDEN' });
    expect(await trial({ limit: new AppError('RATE_LIMITED', { seconds: 3 }) })).toEqual({ asked: ['authenticate', 'authorize', 'limit'], status: 429, code: 'RATE_LIMITED' });
    expect(await trial({ record: new AppError('STATE_UNAVAILABLE', { problem: 'x' }) })).toEqual({ asked: ['authenticate', 'authorize', 'limit', 'record asked {"workflowId":"hello"}', 'record refused {"code":"STATE_UNAVAILABLE"}'], status: 503, code: 'STATE_UNAVAILABLE' });
    const unread = { body: '{', headers: { 'content-type': 'text/plain' } };
    expect(await trial({ limit: new AppError('RATE_LIMITED', { seconds: 3 }) }, unread)).toMatchObject({ status: 429 });
    expect(await trial({}, unread)).toEqual({ asked: ['authenticate', 'authorize', 'limit', 'record refused {"code":"BODY_TYPE"}'], status: 415, code: 'BODY_TYPE' });
  });

  it('carries the headers of its limit, and is told when to come back', async () => {
    expect((await harness.ask('viewer', 'GET', RUNS)).headers['ratelimit-remaining']).toBe('9');
    const limited = await openHarness({ works: false, access: { limit: () => Promise.reject(new AppError('RATE_LIMITED', { seconds: 2.2 })) } });
    onTestFinished(limited.close);
    expect((await limited.ask('viewer', 'GET', RUNS)).headers['retry-after']).toBe('3');
  });

  it('is on record, with what it asks for, when it changes something, and never when it reads', async () => {
    harness.entries.length = 0;
    await harness.ask('viewer', 'GET', RUNS);
    await harness.ask('viewer', 'POST', '/api/v1/workflows/validate');
    expect(harness.entries).toEqual([]);
    await harness.ask('runner@acme', 'POST', RUNS, { body: { workflowId: 'hello', input: { name: 'kept out of it' } } });
    await harness.ask('runner@acme', 'POST', RUNS, { body: { workflowId: 'helo' } });
    expect(harness.entries.map(({ caller, action, target, outcome, details }) => [caller.tenant, action, target, outcome, details])).toEqual([
      ['acme', 'startRun', RUNS, 'asked', { workflowId: 'hello' }],
      ['acme', 'startRun', RUNS, 'asked', { workflowId: 'helo' }],
      ['acme', 'startRun', RUNS, 'refused', { code: 'WORKFLOW_NOT_FOUND' }],
    ]);
  });
});

describe('tenants', () => {
  it('find nothing of each other, by any route that names a run', async () => {
    const id = idOf((await harness.ask('runner@acme', 'POST', RUNS, { body: { workflowId: 'ask' } })).json);
    await harness.until('viewer@acme', id, ({ status }) => status === 'waiting');
    const before = (await harness.ask('viewer@acme', 'GET', `${RUNS}/${id}/events`)).text;
    for (const { name, method, path } of rows.filter((row) => row.path.includes('/runs/:id'))) {
      const at = path.replace(':id', id).replace(':stepId', 'ok').replace(':name', 'x');
      const body = name === 'decideApproval' ? { decision: 'approved' } : undefined;
      const foreign = await harness.ask('admin@other', method, at, { body });
      const absent = await harness.ask('admin@other', method, at.replace(id, 'run_00000000000000000000000000'), { body });
      expect([foreign.status, foreign.json], name).toMatchObject([404, { code: 'RUN_NOT_FOUND' }]);
      // Nothing tells a run of another tenant from one that nobody has.
      expect(foreign.text.replaceAll(id, ''), name).toBe(absent.text.replaceAll('run_00000000000000000000000000', ''));
      if (path.endsWith('/events') || path.endsWith('/logs')) {
        expect((await harness.ask('admin@other', method, at, { headers: { accept: 'text/event-stream' } })).status, name).toBe(404);
      }
    }
    expect((await harness.ask('admin@other', 'POST', `/api/v1/signals/go?runId=${id}`)).json).toMatchObject({ code: 'RUN_NOT_FOUND' });
    expect((await harness.ask('admin@other', 'GET', `${RUNS}?cursor=${id}`)).json).toEqual({ items: [] });
    expect((await harness.ask('admin@other', 'GET', '/api/v1/approvals')).json).toEqual({ items: [] });
    expect((await harness.ask('viewer@acme', 'GET', '/api/v1/approvals')).json).toMatchObject({ items: [{ runId: id }] });
    expect((await harness.ask('viewer@acme', 'GET', `${RUNS}/${id}/events`)).text).toBe(before);
  });

  it('use the same idempotency keys and signals without touching each other', async () => {
    const body = { workflowId: 'listen', idempotencyKey: 'same' };
    const [a, b, plain] = await Promise.all(['runner@t1', 'runner@t2', 'runner'].map((as) => harness.ask(as, 'POST', RUNS, { body })));
    expect([a?.status, b?.status, plain?.status]).toEqual([201, 201, 201]);
    expect((await harness.ask('runner@t2', 'POST', RUNS, { body: { ...body, idempotencyKey: '\u001ft1\u001fsame' } })).status).toBe(201);
    const [one, two] = [idOf(a?.json), idOf(b?.json)];
    await harness.until('viewer@t1', one, ({ status }) => status === 'waiting');
    await harness.until('viewer@t2', two, ({ status }) => status === 'waiting');
    expect((await harness.ask('runner@t1', 'POST', '/api/v1/signals/go', { body: 1 })).json).toMatchObject({ resumed: [{ runId: one }] });
    expect(await harness.until('viewer@t1', one, ({ status }) => status === 'success')).toMatchObject({ id: one });
    expect((await harness.ask('viewer@t2', 'GET', `${RUNS}/${two}`)).json).toMatchObject({ status: 'waiting' });
    expect((await harness.ask('runner@t3', 'POST', '/api/v1/signals/go', { body: 1 })).json).toMatchObject({ code: 'SIGNAL_UNHEARD' });
  });
});

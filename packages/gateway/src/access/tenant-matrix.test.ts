import { mayDo, type Permission, type Role, ROLES } from '@kb-labs/contracts';
import { ROUTE_NAMES, ROUTES, type RouteName, type RouteSpec } from '@kb-labs/contracts/http';
import { createKey, type EngineDeps } from '@kb-labs/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Answer, APPROVAL, HELLO, type Harness, idOf, WAITING } from '../harness.fixture.js';
import { openWithAccess } from './real-access.fixture.js';

const MARK = 'only-acme-knows';
const NOBODYS = 'run_00000000000000000000000000';
const RUN_PATH = '/api/v1/workflows/runs/:id';
/** Shared by all tenants of a project: documents and plugins, and what is about the installation. */
const OF_THE_PROJECT: ReadonlySet<string> = new Set(['listWorkflows', 'getWorkflow', 'validateWorkflows', 'listPlugins', 'metrics']);
const GROUPED = `
id: grouped
concurrency: { group: deploy }
jobs: { hold: { steps: [ { id: wait, uses: "builtin:wait", with: { signal: release } } ] } }
`;
/** Names a run of another tenant in a place that is looked at when the run goes on. */
const MERGE = `
id: merge
permissions: { shell: true }
inputs: { from: { type: string } }
jobs:
  take:
    artifacts: { produce: [docs], merge: { strategy: overwrite, from: [ { run: "\${{ inputs.from }}" } ] } }
    steps: [ { run: "true" } ]
`;

const FILL = `
id: fill
jobs: { decide: { steps: [ { id: where, uses: "builtin:approval", with: { title: Where?, form: { type: object } } } ] } }
`;

interface Victim {
  /** Runs: two that have ended, one that waits for a decision, one for a signal, one in a group. */
  readonly runs: readonly string[];
  readonly keyId: string;
  /** What routes of `/v1` name, by the beginning of their paths. */
  readonly parts: Readonly<Record<string, readonly string[]>>;
  readonly digest: string;
}

interface Call {
  readonly name: RouteName;
  readonly route: RouteSpec;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** `absent`: what is named is another tenant's, and is answered as nobody's. `own`: the answer is of the caller's things alone. */
  readonly expected: 'absent' | 'own';
}

let harness: Harness;
let victim: Victim;
/** Set by the control: the store then tells tenants apart no more. */
let blind = false;
const keys = new Map<string, string>();

beforeAll(async () => {
  const wrap = (deps: EngineDeps): EngineDeps => {
    const { catalog } = deps;
    const listRuns: typeof catalog.listRuns = ({ tenant, ...query }) => catalog.listRuns(blind || tenant === undefined ? query : { ...query, tenant });
    const getRun: typeof catalog.getRun = async (runId) => {
      const run = await catalog.getRun(runId);
      return blind && run !== undefined ? { ...run, tenant: 'other' } : run;
    };
    return { ...deps, catalog: replacing(catalog, { listRuns, getRun }) };
  };
  harness = await openWithAccess({ workflows: { 'hello.yml': HELLO, 'ask.yml': APPROVAL, 'listen.yml': WAITING, 'grouped.yml': GROUPED, 'merge.yml': MERGE, 'fill.yml': FILL }, wrap });
  for (const tenant of ['acme', 'acme-two', 'other', 'untouched']) {
    for (const role of ROLES) keys.set(`${role} of ${tenant}`, (await createKey(harness.deps, { name: role, role, tenant, by: tenant === 'acme' ? MARK : 'somebody' })).key);
  }
  victim = await makeThings(keyOf('admin', 'acme'), MARK);
}, 60_000);

afterAll(() => harness.close());

function keyOf(role: Role, tenant: string): string {
  return keys.get(`${role} of ${tenant}`) ?? '';
}

async function makeThings(key: string, mark: string): Promise<Victim> {
  const ended = [await harness.run(key, 'hello', { name: mark }), await harness.run(key, 'hello', { name: `${mark} again` })];
  const open: string[] = [];
  for (const workflowId of ['ask', 'listen', 'grouped']) {
    const { json } = await harness.ask(key, 'POST', '/api/v1/workflows/runs', { body: { workflowId, idempotencyKey: `key of ${workflowId}` } });
    open.push(idOf(json));
    await harness.until(key, idOf(json), ({ status }) => status === 'waiting');
  }
  const [made] = (await harness.deps.records.list('api-key-of', { prefix: 'acme/', limit: 1 })).map((record) => record.key.slice('acme/'.length));
  return { runs: [...ended.map(({ id }) => id), ...open], keyId: made ?? '', ...(await makeParts(key, mark)) };
}

/** A playbook, its flow that waits for an approval, and a session with a question. */
async function makeParts(key: string, mark: string): Promise<Pick<Victim, 'parts' | 'digest'>> {
  const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const { status, json } = await harness.ask(key, 'POST', path, { body });
    expect([status < 300, json], path).toMatchObject([true, {}]);
    return json as Record<string, unknown>;
  };
  const { digest } = await post('/v1/playbooks', { manifest: { playbook_id: 'acme-playbook', version: '1', title: mark, objective: mark, runtime_defaults: { workflow_id: 'ask' } } });
  const evidence_refs = [{ kind: 'review', id: mark }];
  await post('/v1/playbooks/acme-playbook/publish', { version: '1', digest, status: 'active', evidence_refs });
  for (const session_id of ['acme-session', 'acme-asks']) await post('/v1/sessions', { session_id, title: mark, metadata: { mark } });
  const playbook_ref = { playbook_id: 'acme-playbook', version: '1', digest };
  await post('/v1/flows', { flow_id: 'acme-flow', idempotency_key: 'key of flow', playbook_ref, session_id: 'acme-session', request: {}, metadata: { mark }, evidence_refs });
  await post('/v1/sessions/acme-asks/runs', { workflow_id: 'fill', idempotency_key: 'key of fill' });
  const waiting = async (kind: string): Promise<{ id: string; run_id: string; task_id: string }> => {
    for (;;) {
      const { items } = (await harness.ask(key, 'GET', `/v1/${kind}?status=pending`)).json as { items: { id: string; run_id: string; task_id: string }[] };
      if (items[0] !== undefined) return items[0];
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const [approval, question] = [await waiting('approvals'), await waiting('questions')];
  const parts = {
    '/v1/playbooks/:id': ['acme-playbook'],
    '/v1/flows/:id': ['acme-flow'],
    '/v1/sessions/:id': ['acme-session', 'acme-asks'],
    '/v1/runs/:id': [approval.run_id, question.run_id],
    '/v1/agents/:id': ['agent-acme-session'],
    '/v1/tasks/:id': [approval.task_id, question.task_id],
    '/v1/approvals/:id': [approval.id],
    '/v1/questions/:id': [question.id],
  };
  return { parts, digest: String(digest) };
}

/** What the ids of a route of `/v1` are of. */
function partsOf(path: string, { parts }: Victim): readonly string[] | undefined {
  return Object.entries(parts).find(([beginning]) => path.startsWith(beginning))?.[1];
}

/** Every way that a route can be handed the id of something. */
function callsOf(name: RouteName, things: Victim): Call[] {
  const route: RouteSpec = ROUTES[name];
  const calls: Call[] = [];
  const add = (path: string, expected: Call['expected'], more: Partial<Call> = {}): void => {
    const body = route.body === undefined ? {} : { body: bodyOf(name, things) };
    calls.push({ name, route, method: route.method, path, expected, ...body, ...more });
    if (route.method === 'GET') calls.push({ name, route, method: 'HEAD', path, expected, ...more });
    if (route.stream !== undefined) calls.push({ name, route, method: 'GET', path, expected, ...more, headers: { accept: 'text/event-stream' } });
  };
  const parts = partsOf(route.path, things);
  if (parts !== undefined) {
    for (const id of parts) add(`${route.path.replace(':id', id)}${name === 'diffPlaybooks' ? '?from=1&to=1' : ''}`, 'absent');
    return calls;
  }
  if (route.path.startsWith(RUN_PATH)) {
    for (const run of things.runs) for (const path of pathsOf(route.path, run)) add(path, 'absent');
    return calls;
  }
  if (route.path.includes('/keys/:id')) {
    add(route.path.replace(':id', things.keyId), 'absent');
    return calls;
  }
  const path = route.path.replace(':name', 'go').replace(':id', things.keyId);
  if (route.method === 'GET') {
    add(path, 'own');
    for (const cursor of [...things.runs, things.keyId, '1', '3', '0000000000000099', 'acme/1']) add(`${path}?cursor=${encodeURIComponent(cursor)}`, 'own');
  } else {
    add(path, 'own');
    for (const run of things.runs) add(`${path}?runId=${run}`, name === 'sendSignal' ? 'absent' : 'own');
  }
  return calls;
}

function bodyOf(name: RouteName, { digest }: Victim): unknown {
  const version = { version: '1', digest };
  const evidence_refs = [{ kind: 'review', id: 'x' }];
  const more: Partial<Record<RouteName, unknown>> = {
    createPlaybook: { manifest: { playbook_id: 'own-playbook', version: '1', title: 'mine', objective: 'mine' } },
    publishPlaybook: { ...version, status: 'verified', evidence_refs },
    revokePlaybook: { ...version, reason: 'x', stop_running: true },
    startFlow: { flow_id: 'acme-flow', idempotency_key: 'key of flow', playbook_ref: { playbook_id: 'acme-playbook', ...version }, session_id: 'acme-session', request: {} },
    addEvidence: { evidence_refs },
    submitInput: { workflow_id: 'fill', idempotency_key: 'key of fill' },
    createSession: { title: 'mine' },
    answerQuestion: { answer: {} },
    cancelFlow: { reason: 'x' },
  };
  return more[name] ?? BODIES[name] ?? {};
}

const BODIES: Readonly<Record<string, unknown>> = {
  decideApproval: { decision: 'approved' },
  startRun: { workflowId: 'listen', idempotencyKey: 'key of listen' },
  createKey: { name: 'mine', role: 'viewer' },
};

function pathsOf(path: string, run: string): string[] {
  const at = path.replace(':id', run);
  if (path.includes(':name')) return ['docs%2Fnote.md', 'greet%2Fsay%2Fdocs%2Fnote.md'].map((artifact) => at.replace(':name', artifact));
  if (path.includes(':stepId')) return ['ok', 'decide%2Fok'].map((step) => at.replace(':stepId', step));
  return [at];
}

/** What an answer may not hold, whatever its status. */
function leaks({ text, headers }: Answer, call: Call): string[] {
  const said = `${text}\n${JSON.stringify(headers)}`;
  // The log of what a tenant asked for has what it asked for.
  const named = call.name === 'listAudit' ? [] : [...victim.runs, victim.keyId];
  const secrets = [MARK, '"tenant":"acme"', ...named].filter((secret) => !call.path.includes(secret) && !JSON.stringify(call.body ?? null).includes(secret));
  return secrets.filter((secret) => said.includes(secret));
}

/** All calls to some routes, by keys of two other tenants, and what was not as it should be. */
async function tryAll(routes: readonly RouteName[], roles: readonly Role[]): Promise<{ made: number; wrong: string[] }> {
  const wrong: string[] = [];
  let made = 0;
  for (const name of routes) {
    for (const as of ['acme-two', 'other'].flatMap((tenant) => roles.map((role) => ({ tenant, role })))) {
      for (const call of callsOf(name, victim)) {
        made += 1;
        wrong.push(...(await tryOne(call, as)));
      }
    }
  }
  return { made, wrong };
}

/** Streams that have no end: their first event is a page as JSON answers it. */
const ENDLESS: ReadonlySet<string> = new Set(['listRuns', 'listApprovals']);

async function tryOne(call: Call, { role, tenant }: { role: Role; tenant: string }): Promise<string[]> {
  const { name, method, path, body, headers, route, expected } = call;
  const enough = ENDLESS.has(name) && headers !== undefined ? { enough: (text: string) => text.includes('\n\n') } : {};
  const answer = await harness.ask(keyOf(role, tenant), method, path, { ...(body === undefined ? {} : { body }), ...enough, headers: { ...headers, ...OTHER_TENANTS } });
  const what = `${role} of ${tenant}: ${method} ${path} ${JSON.stringify(headers ?? {})} → ${String(answer.status)}`;
  const allowed = mayDo(role, route.access as Permission);
  const right = allowed ? (expected === 'absent' ? answer.status === 404 : answer.status < 500) : answer.status === 403;
  return [...(right ? [] : [what]), ...leaks(answer, call).map((secret) => `${what} holds ${secret}`)];
}

describe('what belongs to a tenant', () => {
  it('is there for nobody else, by whatever route, role and place it is named', async () => {
    const before = await snapshot();
    const { made, wrong } = await tryAll(ROUTE_NAMES.filter((name) => !['public', 'proof'].includes(ROUTES[name].access) && !OF_THE_PROJECT.has(name)), ROLES);
    expect(wrong).toEqual([]);
    expect(made).toBeGreaterThanOrEqual(400);
    expect(await snapshot()).toEqual(before);
  }, 120_000);

  it('is found out when the store tells tenants apart no more', async () => {
    blind = true;
    try {
      const { wrong } = await tryAll(['listRuns', 'getRun'], ['viewer']);
      expect(wrong.some((one) => one.includes('holds run_'))).toBe(true);
      expect(wrong.some((one) => one.includes(`holds ${MARK}`))).toBe(true);
    } finally {
      blind = false;
    }
  });

  it('is answered like what never was, word for word', async () => {
    for (const name of ROUTE_NAMES.filter((one) => ROUTES[one].path.startsWith(RUN_PATH))) {
      for (const call of callsOf(name, victim).filter(({ method }) => method !== 'HEAD')) {
        const ask = (path: string): Promise<Answer> => harness.ask(keyOf('admin', 'other'), call.method, path, { ...(call.body === undefined ? {} : { body: call.body }), headers: call.headers ?? {} });
        const run = victim.runs.find((id) => call.path.includes(id)) ?? '';
        const [theirs, nobodys] = [await ask(call.path), await ask(call.path.replace(run, NOBODYS))];
        expect([theirs.status, theirs.text.replaceAll(run, NOBODYS)], call.path).toEqual([nobodys.status, nobodys.text]);
      }
    }
    for (const name of ROUTE_NAMES.filter((one) => partsOf(ROUTES[one].path, victim) !== undefined)) {
      for (const call of callsOf(name, victim).filter(({ method }) => method !== 'HEAD')) {
        const id = partsOf(call.route.path, victim)?.find((one) => call.path.includes(one)) ?? '';
        const ask = (path: string): Promise<Answer> => harness.ask(keyOf('admin', 'untouched'), call.method, path, { ...(call.body === undefined ? {} : { body: call.body }), headers: call.headers ?? {} });
        const nobody = id.startsWith('run_') ? id.replace(/^run_[0-9A-Z]{26}/, NOBODYS) : id.replace('acme', 'nobody');
        const [theirs, nobodys] = [await ask(call.path), await ask(call.path.replace(id, nobody))];
        expect([theirs.status, theirs.text.replaceAll(id, nobody)], call.path).toEqual([nobodys.status, nobodys.text]);
      }
    }
  });

  it('is not reached by a run that names it', async () => {
    const { id } = await harness.run(keyOf('admin', 'other'), 'merge', { from: victim.runs[0] ?? '' });
    const answer = await harness.ask(keyOf('admin', 'other'), 'GET', `/api/v1/workflows/runs/${id}`);
    expect(answer.json).toMatchObject({ status: 'failed', artifacts: [] });
    expect(answer.text).not.toContain(MARK);
    const own = await harness.run(keyOf('admin', 'acme'), 'merge', { from: victim.runs[0] ?? '' });
    expect(own.status, 'its own tenant can').toBe('success');
  });

  it('is not touched by names that others choose alike: signals, groups, idempotency keys', async () => {
    const key = keyOf('admin', 'other');
    const start = (body: object): Promise<Answer> => harness.ask(key, 'POST', '/api/v1/workflows/runs', { body });
    const mine = await start({ workflowId: 'grouped', idempotencyKey: 'key of grouped' });
    expect([mine.status, victim.runs.includes(idOf(mine.json))]).toEqual([201, false]);
    expect((await harness.until(key, idOf(mine.json), ({ status }) => status === 'waiting')).status, 'the group of acme keeps it from nothing').toBe('waiting');
    const sent = await harness.ask(key, 'POST', '/api/v1/signals/release', { body: {} });
    expect(sent.json).toMatchObject({ resumed: [{ runId: idOf(mine.json) }] });
    expect(await harness.until(keyOf('admin', 'acme'), victim.runs[4] ?? '', () => true)).toMatchObject({ status: 'waiting' });
  });

  it('is not touched by sessions, playbooks and flows of the same names', async () => {
    const before = await snapshot();
    const post = (path: string, body: object): Promise<Answer> => harness.ask(keyOf('admin', 'untouched'), 'POST', path, { body });
    const made = await post('/v1/playbooks', { manifest: { playbook_id: 'acme-playbook', version: '1', title: 'mine', objective: 'mine', runtime_defaults: { workflow_id: 'ask' } } });
    const { digest } = made.json as { digest: string };
    const published = await post('/v1/playbooks/acme-playbook/publish', { version: '1', digest, status: 'active', evidence_refs: [{ kind: 'review', id: 'mine' }] });
    const session = await post('/v1/sessions', { session_id: 'acme-session' });
    const flow = await post('/v1/flows', { flow_id: 'acme-flow', idempotency_key: 'key of flow', playbook_ref: { playbook_id: 'acme-playbook', version: '1', digest }, session_id: 'acme-session', request: {} });
    expect([made, published, session, flow].map(({ status }) => status)).toEqual([201, 200, 201, 201]);
    expect((flow.json as { run_id: string }).run_id).not.toBe(victim.parts['/v1/runs/:id']?.[0]);
    expect(await snapshot()).toEqual(before);
  });

  it('is found by the one it belongs to, with the same calls', async () => {
    const found: number[] = [];
    for (const name of ROUTE_NAMES.filter((one) => (ROUTES[one].path.startsWith(RUN_PATH) || partsOf(ROUTES[one].path, victim) !== undefined) && ROUTES[one].method === 'GET')) {
      for (const call of callsOf(name, { ...victim, runs: victim.runs.slice(0, 2) }).filter(({ headers }) => headers === undefined)) {
        const { status } = await harness.ask(keyOf('admin', 'acme'), call.method, call.path, { headers: { accept: 'application/json' } });
        found.push(status);
      }
    }
    expect([found.length > 40, new Set(found)]).toEqual([true, new Set([200])]);
  });
});

/** A tenant is of the credential, whatever else is sent. */
const OTHER_TENANTS = { 'x-tenant': 'acme', 'x-kb-tenant': 'acme', 'x-tenant-id': 'acme' };

/** The things of the tenant that must not have changed. */
async function snapshot(): Promise<unknown> {
  const key = keyOf('admin', 'acme');
  const runs = await Promise.all(victim.runs.map(async (id) => (await harness.ask(key, 'GET', `/api/v1/workflows/runs/${id}`)).json));
  const list = await harness.ask(key, 'GET', '/api/v1/workflows/runs?limit=200');
  const parts = await Promise.all(
    Object.entries(victim.parts).flatMap(([path, ids]) => ids.map(async (id) => (await harness.ask(key, 'GET', path.replace(':id', id))).json)),
  );
  return { runs, parts, list: list.json, keys: await harness.deps.records.list('api-key-of', { prefix: 'acme/', limit: 100 }) };
}

/** A port with some of its methods replaced. */
function replacing<Port extends object>(port: Port, methods: Partial<Port>): Port {
  return new Proxy(port, {
    get(target, name) {
      if (Object.hasOwn(methods, name)) return methods[name as keyof Port];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

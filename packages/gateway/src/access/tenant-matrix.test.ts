import { mayDo, type Permission, type Role, ROLES } from '@kb-labs/contracts';
import { ROUTE_NAMES, ROUTES, type RouteName, type RouteSpec } from '@kb-labs/contracts/http';
import { createKey, type EngineDeps } from '@kb-labs/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Answer, APPROVAL, HELLO, type Harness, idOf, WAITING } from '../harness.fixture.js';
import { openWithAccess } from './real-access.fixture.js';

const MARK = 'only-acme-knows';
const NOBODYS = 'run_00000000000000000000000000';
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

interface Victim {
  /** Runs: two that have ended, one that waits for a decision, one for a signal, one in a group. */
  readonly runs: readonly string[];
  readonly keyId: string;
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
  harness = await openWithAccess({ workflows: { 'hello.yml': HELLO, 'ask.yml': APPROVAL, 'listen.yml': WAITING, 'grouped.yml': GROUPED, 'merge.yml': MERGE }, wrap });
  for (const tenant of ['acme', 'acme-two', 'other']) {
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
  return { runs: [...ended.map(({ id }) => id), ...open], keyId: made ?? '' };
}

/** Every way that a route can be handed the id of something. */
function callsOf(name: RouteName, things: Victim): Call[] {
  const route: RouteSpec = ROUTES[name];
  const calls: Call[] = [];
  const add = (path: string, expected: Call['expected'], more: Partial<Call> = {}): void => {
    const body = route.body === undefined ? {} : { body: BODIES[name] ?? {} };
    calls.push({ name, route, method: route.method, path, expected, ...body, ...more });
    if (route.method === 'GET') calls.push({ name, route, method: 'HEAD', path, expected, ...more });
    if (route.stream !== undefined) calls.push({ name, route, method: 'GET', path, expected, ...more, headers: { accept: 'text/event-stream' } });
  };
  if (route.path.includes('/runs/:id')) {
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

async function tryOne(call: Call, { role, tenant }: { role: Role; tenant: string }): Promise<string[]> {
  const { method, path, body, headers, route, expected } = call;
  const answer = await harness.ask(keyOf(role, tenant), method, path, { ...(body === undefined ? {} : { body }), headers: { ...headers, ...OTHER_TENANTS } });
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
    for (const name of ROUTE_NAMES.filter((one) => ROUTES[one].path.includes('/runs/:id') && ROUTES[one].access !== 'proof')) {
      for (const call of callsOf(name, victim).filter(({ method }) => method !== 'HEAD')) {
        const ask = (path: string): Promise<Answer> => harness.ask(keyOf('admin', 'other'), call.method, path, { ...(call.body === undefined ? {} : { body: call.body }), headers: call.headers ?? {} });
        const run = victim.runs.find((id) => call.path.includes(id)) ?? '';
        const [theirs, nobodys] = [await ask(call.path), await ask(call.path.replace(run, NOBODYS))];
        expect([theirs.status, theirs.text.replaceAll(run, NOBODYS)], call.path).toEqual([nobodys.status, nobodys.text]);
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

  it('is found by the one it belongs to, with the same calls', async () => {
    const found: number[] = [];
    for (const name of ROUTE_NAMES.filter((one) => ROUTES[one].path.includes('/runs/:id') && ROUTES[one].method === 'GET')) {
      for (const call of callsOf(name, { ...victim, runs: victim.runs.slice(0, 2) }).filter(({ headers }) => headers === undefined)) {
        found.push((await harness.ask(keyOf('admin', 'acme'), call.method, call.path)).status);
      }
    }
    expect([found.length > 20, new Set(found)]).toEqual([true, new Set([200])]);
  });
});

/** A tenant is of the credential, whatever else is sent. */
const OTHER_TENANTS = { 'x-tenant': 'acme', 'x-kb-tenant': 'acme', 'x-tenant-id': 'acme' };

/** The things of the tenant that must not have changed. */
async function snapshot(): Promise<unknown> {
  const key = keyOf('admin', 'acme');
  const runs = await Promise.all(victim.runs.map(async (id) => (await harness.ask(key, 'GET', `/api/v1/workflows/runs/${id}`)).json));
  const list = await harness.ask(key, 'GET', '/api/v1/workflows/runs?limit=200');
  return { runs, list: list.json, keys: await harness.deps.records.list('api-key-of', { prefix: 'acme/', limit: 100 }) };
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

import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { fileBlobs } from '@kb-labs/blobs';
import { type Caller, mayDo, parseRunId, type Role, toRunId, toWorkerId } from '@kb-labs/contracts';
import { createWorker, type EngineDeps } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';
import { createPluginHost, workspaceFiles } from '@kb-labs/plugin-host';
import { openEmbeddedStore } from '@kb-labs/store-embedded';

import type { Access, AccessEntry } from './access/access.js';
import { createGateway, createMetrics, type Gateway, type GatewayOptions } from './index.js';

/** A gateway on a free port, with a real store and, when asked for, a worker. */
export interface Harness {
  readonly url: string;
  readonly deps: EngineDeps;
  readonly gateway: Gateway;
  /** What was put on record. */
  readonly entries: AccessEntry[];
  /** Sends a request as somebody: `<role>` or `<role>@<tenant>`. */
  ask(as: string | undefined, method: string, path: string, options?: AskOptions): Promise<Answer>;
  /** Starts a run, has it carried out, and answers it as it ended. */
  run(as: string, workflowId: string, input?: object): Promise<{ id: string; status: string }>;
  /** The run once `done` holds of it. */
  until(as: string, id: string, done: (run: { status: string }) => boolean): Promise<{ id: string; status: string }>;
  close(): Promise<void>;
}

interface AskOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of an answer that does not end by itself: hangs up when this much of it is enough. */
  readonly enough?: (text: string) => boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: unknown;
}

export interface HarnessOptions {
  readonly workflows?: Readonly<Record<string, string>>;
  readonly works?: boolean;
  readonly gateway?: Partial<GatewayOptions>;
  readonly access?: Partial<Access>;
  readonly wrap?: (deps: EngineDeps) => EngineDeps;
}

export const clock: EngineDeps['clock'] = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

const silent: EngineDeps['logger'] = { debug() {}, info() {}, warn() {}, error() {} };

export async function openHarness({ workflows = {}, works = true, ...options }: HarnessOptions = {}): Promise<Harness> {
  const dir = await mkdtemp(join(tmpdir(), 'kb-gateway-'));
  const store = await openEmbeddedStore({ dir, clock });
  const sources = Object.entries(workflows).map(([file, text]) => ({ file, text }));
  const engine: EngineDeps = {
    log: store.log,
    catalog: store.catalog,
    queue: store.queue,
    claims: store.claims,
    logs: store.logs,
    records: store.records,
    rateLimits: store.rateLimits,
    retention: store.retention,
    callbacks: { urlOf: (runId) => `http://localhost/api/v1/callbacks/${runId}.proof`, runOf: (token) => (token.endsWith('.proof') ? parseRunId(token.slice(0, -'.proof'.length)) : undefined) },
    blobs: fileBlobs({ dir: join(dir, 'blobs') }),
    plugins: createPluginHost({ firstParty: [], project: { root: dir, plugins: [] }, hostEnv: process.env, logger: silent }),
    workflows: { list: () => Promise.resolve(sources), candidates: () => Promise.resolve(sources), listeners: () => Promise.resolve([]) },
    files: workspaceFiles,
    clock,
    ids: freshIds(),
    logger: silent,
    random: Math.random,
    workspace: dir,
    vars: {},
    checkSchema: () => undefined,
    limits: { matrixCombinations: 256 },
  };
  const deps = options.wrap?.(engine) ?? engine;
  const entries: AccessEntry[] = [];
  const metrics = createMetrics({ clock, catalog: deps.catalog, queue: deps.queue, heldJobs: () => 0 });
  const gateway = createGateway({ port: 0, checks: {}, metrics, deps, access: { ...namedAccess(entries), ...options.access }, version: '1.2.3', ...options.gateway });
  const worker = createWorker(engine, { concurrency: 4 });
  const close = async (): Promise<void> => {
    await gateway.close();
    if (works) await worker.stop();
    await store.close();
    await rm(dir, { recursive: true, force: true });
  };
  if (works) await worker.start();
  const url = await gateway.listen().catch(async (thrown: unknown) => {
    await close();
    throw thrown;
  });
  const ask: Harness['ask'] = (as, method, path, { body, headers = {}, enough } = {}) =>
    send(url + path, {
      method,
      headers: { ...(as === undefined ? {} : { authorization: `Bearer ${as}` }), ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      enough,
    });
  const until: Harness['until'] = async (as, id, done) => {
    for (;;) {
      const run = (await ask(as, 'GET', `/api/v1/workflows/runs/${id}`)).json as { id: string; status: string };
      if (done(run)) return run;
      const stopped = Promise.withResolvers<undefined>();
      const stop = deps.log.watch(toKnown(id), () => stopped.resolve(undefined));
      await Promise.race([stopped.promise, new Promise((resolve) => setTimeout(resolve, 50))]);
      stop();
    }
  };
  return {
    url,
    deps,
    gateway,
    entries,
    ask,
    until,
    async run(as, workflowId, input = {}) {
      const { json } = await ask(as, 'POST', '/api/v1/workflows/runs', { body: { workflowId, input } });
      return until(as, idOf(json), ({ status }) => !['queued', 'running', 'waiting'].includes(status));
    },
    close,
  };
}

/** The `id` or `runId` of an answer. */
export function idOf(json: unknown): string {
  const { id, runId } = json as { id?: unknown; runId?: unknown };
  if (typeof (id ?? runId) !== 'string') throw new Error(`${JSON.stringify(json)} has no id`);
  return String(id ?? runId);
}

function toKnown(id: string): NonNullable<ReturnType<typeof parseRunId>> {
  const known = parseRunId(id);
  if (known === undefined) throw new Error(`${id} is no run`);
  return known;
}

/** Not `fetch`: it does not let headers such as Host be chosen. */
export function send(
  url: string,
  { method, headers, body, enough }: { method: string; headers: Readonly<Record<string, string>>; body?: string | Uint8Array | undefined; enough?: ((text: string) => boolean) | undefined },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let text = '';
      const answer = (): void => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          get json(): unknown {
            return JSON.parse(text);
          },
        });
      };
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (enough?.(text) !== true) return;
        answer();
        sent.destroy();
      });
      response.on('error', reject);
      response.on('end', answer);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

export const noAccess: Access = namedAccess([]);

/** Keys that say who they are of. */
function namedAccess(entries: AccessEntry[]): Access {
  return {
    authenticate: ({ headers }) => {
      const [, role, tenant = 'default'] = /^Bearer (\w+)(?:@(\w+))?$/.exec(headers.authorization ?? '') ?? [];
      if (role === undefined || !['viewer', 'runner', 'author', 'approver', 'admin'].includes(role)) return Promise.reject(new AppError('UNAUTHENTICATED', { problem: 'no key was sent' }));
      const caller: Caller = { keyId: 'k1', name: `${role} of ${tenant}`, role: role as Role, tenant, via: 'key' };
      return Promise.resolve(caller);
    },
    authorize: ({ role }, permission) => {
      if (!mayDo(role, permission)) throw new AppError('FORBIDDEN', { problem: `the role ${role} may not ${permission}` });
    },
    limit: () => Promise.resolve({ 'RateLimit-Remaining': '9' }),
    record: (entry) => {
      entries.push(entry);
      return Promise.resolve();
    },
  };
}

function freshIds(): EngineDeps['ids'] {
  const salt = Math.floor(Math.random() * 1e7).toString().padStart(7, '0');
  let count = 0;
  const next = (): string => `${Date.now()}${(count += 1).toString().padStart(6, '0')}${salt}`;
  return { runId: () => toRunId(next()), workerId: () => toWorkerId(next()), sessionId: () => `ses-${next()}`, flowId: () => `flow-${next()}` };
}

export const HELLO = `
id: hello
permissions: { shell: true }
inputs: { name: { type: string, default: world } }
jobs:
  greet:
    outputs: { greeting: "\${{ steps.say.outputs.greeting }}" }
    steps:
      - id: say
        run: |
          echo "Hello, \${{ inputs.name }}"
          echo "second line"
          echo "greeting=Hello, \${{ inputs.name }}" >> "$KB_OUTPUT"
          echo "# hi" > note.md
        artifacts:
          docs/note.md: { type: markdown, source: "file:note.md", label: A note }
`;

export const APPROVAL = `
id: ask
jobs:
  decide:
    outputs: { by: "\${{ steps.ok.outputs.approver }}" }
    steps:
      - { id: ok, uses: "builtin:approval", with: { title: Ship it? } }
`;

export const WAITING = `
id: listen
jobs:
  hear:
    outputs: { heard: "\${{ toJSON(steps.wait.outputs) }}" }
    steps:
      - { id: wait, uses: "builtin:wait", with: { signal: go } }
`;

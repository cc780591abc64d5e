import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { fileBlobs } from '@kb-labs/blobs';
import { formatUses, type JsonObject, parseRunId, type RunId, type RunView, toRunId, toWorkerId, type Uses } from '@kb-labs/contracts';
import type { Clock, CommandLookup, Ids, PluginHost, StepCall, StepOutcome } from '@kb-labs/ports';
import { type EmbeddedStore, openEmbeddedStore } from '@kb-labs/store-embedded';

import { Beginners } from './beginners.js';
import type { EngineDeps } from './deps.js';
import { followRun } from './follow-run.js';
import { startRun } from './start-run.js';
import { createWorker, type Worker, type WorkerOptions } from './worker.js';

export type Handler = (call: StepCall) => StepOutcome | Promise<StepOutcome>;

/** An engine on a real store, whose steps do what a test says. */
export interface Harness {
  readonly deps: EngineDeps;
  readonly store: EmbeddedStore;
  /** What steps were called with, in order. */
  readonly calls: StepCall[];
  /** By command id (`do:it`), or `run` for scripts. */
  readonly handlers: Map<string, Handler>;
  /** Another engine on the same files, as another process would have, without this one's `wrap`. `workflows` replaces the documents. */
  another(workflows?: HarnessOptions['workflows']): Promise<Harness>;
  worker(options?: Partial<WorkerOptions>): Promise<Worker>;
  start(workflowId: string, input?: JsonObject): Promise<RunId>;
  /** The view a run ends with. Somebody has to work on it. */
  end(runId: RunId): Promise<RunView>;
  close(): Promise<void>;
}

export interface HarnessOptions {
  /** Documents by file name. */
  readonly workflows: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly checkSchema?: EngineDeps['checkSchema'];
  readonly limits?: Partial<EngineDeps['limits']>;
  readonly wrap?: (deps: EngineDeps) => EngineDeps;
}

export async function openHarness(options: HarnessOptions): Promise<Harness> {
  const dir = await mkdtemp(join(tmpdir(), 'kb-engine-'));
  const harness = await openAt(dir, options);
  return {
    ...harness,
    async close() {
      await harness.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export const success = (outputs: JsonObject = {}): StepOutcome => ({ status: 'success', outputs });

export const failure = (code = 'STEP_FAILED', retryable = true): StepOutcome => ({ status: 'failed', error: { code, message: code }, outputs: {}, retryable });

/** A handler that runs until it is aborted. `begun` resolves once it runs. */
export function untilAborted(): { handler: Handler; begun: Promise<StepCall> } {
  const { promise, resolve } = Promise.withResolvers<StepCall>();
  const handler: Handler = (call) =>
    new Promise((done) => {
      call.signal.addEventListener('abort', () => done({ status: 'aborted', outputs: {} }));
      resolve(call);
    });
  return { handler, begun: promise };
}

async function openAt(dir: string, options: HarnessOptions): Promise<Harness> {
  const clock = options.clock ?? systemClock;
  const store = await openEmbeddedStore({ dir, clock });
  const calls: StepCall[] = [];
  const handlers = new Map<string, Handler>();
  const sources = Object.entries(options.workflows).map(([file, text]) => ({ file, text }));
  const deps: EngineDeps = {
    log: store.log,
    catalog: store.catalog,
    queue: store.queue,
    claims: store.claims,
    callbacks: { urlOf: (runId) => `http://localhost/${runId}`, runOf: parseRunId },
    logs: store.logs,
    blobs: fileBlobs({ dir: join(dir, 'blobs') }),
    records: store.records,
    rateLimits: store.rateLimits,
    retention: store.retention,
    plugins: scriptedPlugins(calls, handlers),
    workflows: { list: () => Promise.resolve(sources), candidates: () => Promise.resolve(sources), listeners: (id) => Promise.resolve(sources.filter(({ text }) => /^on:/m.test(text) && text.includes(id))) },
    files: { hash: () => 'hash', open: () => Promise.resolve(undefined) },
    clock,
    ids: randomIds(),
    logger: silent,
    random: () => 0.5,
    workspace: dir,
    vars: { region: 'eu' },
    beginners: new Beginners(),
    checkSchema: options.checkSchema ?? (() => undefined),
    limits: { matrixCombinations: 256, ...options.limits },
  };
  const used = options.wrap?.(deps) ?? deps;
  const workers: Worker[] = [];
  return {
    deps: used,
    store,
    calls,
    handlers,
    another: (workflows = options.workflows) => {
      const { wrap: _, ...same } = options;
      return openAt(dir, { ...same, workflows });
    },
    async worker(workerOptions = {}) {
      const worker = createWorker(used, { concurrency: 4, ...workerOptions });
      workers.push(worker);
      await worker.start();
      return worker;
    },
    async start(workflowId, input = {}) {
      const { run } = await startRun(used, { workflowId, input, trigger: manual });
      return run.id as RunId;
    },
    async end(runId) {
      let last: RunView | undefined;
      for await (const view of followRun(used, runId, new AbortController().signal)) last = view;
      if (last === undefined) throw new Error('no view');
      return last;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.stop()));
      await store.close();
    },
  };
}

export const manual = { type: 'manual' as const, actor: 'ada', payload: null, branch: null, tag: null, sha: null };

function scriptedPlugins(calls: StepCall[], handlers: ReadonlyMap<string, Handler>): PluginHost {
  const keyOf = (uses: Uses): string => (uses.kind === 'plugin' ? uses.command : uses.kind === 'builtin' ? uses.name : uses.id);
  return {
    list: () => Promise.resolve([]),
    endStray: () => Promise.resolve(0),
    mayChangeFiles: (uses) => Promise.resolve(uses.kind === 'plugin' || (uses.kind === 'builtin' && uses.name === 'run')),
    place: ({ uses }) => Promise.resolve({ ok: true, isolation: uses.kind === 'plugin' ? 'in-process' : 'subprocess' }),
    close: () => Promise.resolve(),
    resolve: (uses): Promise<CommandLookup> => {
      if (uses.package === 'missing') return Promise.resolve({ ok: false, code: 'UNKNOWN_PLUGIN', message: `no ${formatUses(uses)}` });
      const command = { id: uses.command, describe: 'test', input: {}, output: {}, permissions: {}, handler: './x.js#default' };
      return Promise.resolve({ ok: true, plugin: { id: uses.package, version: '1.0.0', origin: 'project', trusted: true, commands: [command] }, command });
    },
    async run(call) {
      calls.push(call);
      return (await handlers.get(keyOf(call.uses))?.(call)) ?? success();
    },
  };
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback, options) {
    const timer = setTimeout(callback, ms);
    if (options?.unref === true) timer.unref();
    return () => clearTimeout(timer);
  },
};

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Ids in the order they are made, unlike any other engine's of the same store. Digits only: they sort as they count. */
function randomIds(): Ids {
  const salt = Math.floor(Math.random() * 1e7).toString().padStart(7, '0');
  let count = 0;
  const next = (): string => {
    count += 1;
    return `${Date.now()}${count.toString().padStart(6, '0')}${salt}`;
  };
  return { runId: () => toRunId(next()), workerId: () => toWorkerId(next()), sessionId: () => `ses-${next()}`, flowId: () => `flow-${next()}` };
}

/** A port with some of its methods replaced. */
export function replacing<Port extends object>(port: Port, methods: Partial<Port>): Port {
  return new Proxy(port, {
    get(target, name) {
      if (Object.hasOwn(methods, name)) return methods[name as keyof Port];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

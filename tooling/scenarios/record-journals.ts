/**
 * Records the journals of `tooling/fixtures/journals`, for the version of journals that this program writes:
 * `record-journals.ts <folder> [name …]`. All that are not there yet when no name is given. The runs are carried out by an
 * engine on an embedded store, up to where they are to be found by a later version; what is written is what was stored.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { JOURNAL_SCHEMA, type RunId, type RunView, type WorkerId } from '@kb-labs/contracts';
import { callBack, cancelRun, createWorker, type EngineDeps, readRun, rerunRun, startRun, type Worker } from '@kb-labs/engine';
import type { JobQueue, StepOutcome } from '@kb-labs/ports';
import { openEmbeddedStore } from '@kb-labs/store-embedded';

import { engineOn, manual } from './open-engine.js';
import { JOURNALS, type JournalCase } from './stored-journals.cases.js';
import type { StoredJournals } from './stored-journals.fixture.js';

const LOOK_MS = 5;
const LEASE_MS = 300;
/** All of them seem to have been written from here on: what they wait for is due whenever they are read. */
const BEGIN = Date.parse('2026-01-01T00:00:00Z');

const [folder = '', ...names] = process.argv.slice(2);

const dir = join(folder, String(JOURNAL_SCHEMA));
mkdirSync(dir, { recursive: true });
for (const [name, one] of Object.entries(JOURNALS)) {
  const file = join(dir, `${name}.json`);
  if (names.length === 0 ? existsSync(file) : !names.includes(name)) continue;
  writeFileSync(file, `${JSON.stringify(await record(one), null, 1)}\n`);
  process.stdout.write(`${file}\n`);
}
process.exit(0);

async function record(one: JournalCase): Promise<StoredJournals> {
  const place = mkdtempSync(join(tmpdir(), 'kb-record-'));
  const began = Date.now();
  const clock = {
    now: () => BEGIN + Date.now() - began,
    after(ms: number, callback: () => void) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
  };
  const store = await openEmbeddedStore({ dir: place, clock });
  const ids: RunId[] = [];
  const begun = new Set<string>();
  const dead = new Set<WorkerId>();
  const deps: EngineDeps = {
    ...engineOn(store, {
      dir: place,
      workflows: one.workflows,
      async run(call): Promise<StepOutcome> {
        const { does = 'succeeds', n = 0 } = call.input;
        const isFirst = ids.length <= 1;
        if (typeof call.input['keep'] === 'string') await call.saveArtifact({ name: 'kept', type: 'text', content: new TextEncoder().encode(call.input['keep']) });
        if (does === 'fails' || (does === 'fails at first' && isFirst) || (does === 'fails once' && call.stepAttempt === 1 && call.attempt === 1)) {
          return { status: 'failed', error: { code: 'STEP_FAILED', message: 'it was told to' }, outputs: {}, retryable: true };
        }
        begun.add(call.step);
        if (does === 'hangs' || does === 'fails at first') return new Promise((resolve) => call.signal.addEventListener('abort', () => resolve({ status: 'aborted', outputs: {} })));
        return { status: 'success', outputs: { n: Number(n) + 1 } };
      },
    }),
    clock,
    queue: lettingDie(store.queue, dead),
  };
  const workers: Worker[] = [];
  const work = async (): Promise<void> => {
    const worker = createWorker(deps, { concurrency: 4, leaseMs: LEASE_MS });
    workers.push(worker);
    await worker.start();
  };
  await work();
  await one.record({
    start: async (workflowId) => {
      const { run } = await startRun(deps, { workflowId, input: {}, trigger: manual });
      ids.unshift(run.id as RunId);
      return run.id as RunId;
    },
    rerun: async (of) => {
      const { run } = await rerunRun(deps, { runId: of, mode: 'failed', by: 'ada' });
      ids.unshift(run.id as RunId);
      return run.id as RunId;
    },
    cancel: async (runId) => void (await cancelRun(deps, { runId, by: 'ada' })),
    callBack: async (runId) => void (await callBack(deps, { token: deps.callbacks.urlOf(runId), payload: { order: 7 }, by: 'ada' })),
    begins: async (step) => {
      while (!begun.has(step)) await wait(LOOK_MS);
    },
    until: async (runId, is) => {
      for (let view: RunView | undefined; view === undefined || !is(view); await wait(LOOK_MS)) view = await readRun(deps, runId);
    },
    replaceWorker: async (how) => {
      const last = workers.at(-1);
      begun.clear();
      if (how === 'dead' && last !== undefined) dead.add(last.id);
      else await last?.stop({ graceMs: 1 });
      await work();
    },
  });
  // Read while they are as they are: a worker that stops in order leaves other journals than one that dies.
  const { length } = ids;
  for (const summary of await store.catalog.listRuns({ limit: 100 })) if (!ids.includes(summary.id as RunId)) ids.push(summary.id as RunId);
  if (length === 0) throw new Error(`${one.about}: there are no runs`);
  const runs = await Promise.all(ids.map(async (id) => ({ id, events: await store.log.read(id, 0) })));
  for (const worker of workers) await worker.stop({ graceMs: 1 });
  await store.close();
  rmSync(place, { recursive: true });
  return { about: one.about, runs };
}

/** Workers that are dead as far as others can see: they take nothing, and their leases run out. */
function lettingDie(queue: JobQueue, dead: ReadonlySet<WorkerId>): JobQueue {
  return new Proxy(queue, {
    get(target, name) {
      if (name === 'take') return (...given: Parameters<JobQueue['take']>) => (dead.has(given[0]) ? Promise.resolve([]) : target.take(...given));
      if (name === 'renew') {
        return async (...[leases, leaseMs]: Parameters<JobQueue['renew']>) => {
          const ofDead = leases.filter((lease) => dead.has(lease.worker));
          return ofDead.length > 0 ? ofDead : target.renew(leases, leaseMs);
        };
      }
      const own: unknown = Reflect.get(target, name);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}

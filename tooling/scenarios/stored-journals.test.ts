import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';

import { JOURNAL_SCHEMA, type RunEventBody, type RunId, type RunView } from '@kb-labs/contracts';
import { answerApproval, callBack, cancelRun, createWorker, type EngineDeps, explainRun, listApprovals, readRun, reconcile, sendSignal } from '@kb-labs/engine';
import { fromUnknown } from '@kb-labs/errors';
import type { StepOutcome } from '@kb-labs/ports';
import { foldRun, toRunSummary } from '@kb-labs/projector';
import { openEmbeddedStore } from '@kb-labs/store-embedded';
import { openRedisStore } from '@kb-labs/store-redis';
import { type RedisServer, startRedisServer } from '@kb-labs/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { engineOn } from './open-engine.js';
import { JOURNALS } from './stored-journals.cases.js';
import { recordedJournals, store, type StoredRun } from './stored-journals.fixture.js';

const LOOK_MS = 10;
const LIMIT_MS = 30_000;
const RECORDED = recordedJournals();

let server: RedisServer;
let prefixes = 0;
const closing: (() => Promise<void>)[] = [];
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A fresh store with an engine whose steps all succeed, and a way to say that a journal in it is of another version. */
async function openFresh(kind: 'embedded' | 'redis'): Promise<{ deps: EngineDeps; setVersion(id: RunId, version: number): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'kb-stored-'));
  closing.push(() => rm(dir, { recursive: true }));
  const prefix = `stored-${String((prefixes += 1))}`;
  const ports = kind === 'embedded' ? await openEmbeddedStore({ dir, clock }) : await openRedisStore({ connection: { url: server.url }, prefix, allowVolatile: true });
  closing.push(() => ports.close());
  const run = ({ input }: { input: Record<string, unknown> }): Promise<StepOutcome> => Promise.resolve({ status: 'success', outputs: { n: Number(input['n'] ?? 0) + 1 } });
  return {
    deps: { ...engineOn(ports, { dir, workflows: [], run }), logger: { debug() {}, info() {}, warn() {}, error() {} } },
    async setVersion(id, version) {
      if (kind === 'redis') return tellRedis(`HSET ${prefix}:{${id}}:run journal ${String(version)}`);
      const database = new DatabaseSync(join(dir, 'state.db'));
      const { changes } = database.prepare('UPDATE run SET journal = ? WHERE id = ?').run(version, id);
      database.close();
      expect(changes).toBe(1);
    },
  };
}

/** One command, as a line. Resolves when the server has answered that it changed a field that was there. */
async function tellRedis(command: string): Promise<void> {
  const socket = connect(server.port, '127.0.0.1');
  socket.end(`${command}\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString()).toBe(':0\r\n');
}

describe('the journals that were recorded', () => {
  it('are all that there is a recipe for, in the version that is written now', () => {
    const now = RECORDED.filter(({ name }) => name.startsWith(`${String(JOURNAL_SCHEMA)}/`));
    expect(new Set(now.map(({ name }) => name.slice(name.indexOf('/') + 1)))).toEqual(new Set(Object.keys(JOURNALS)));
  });
});

describe.each(['embedded', 'redis'] as const)('on the %s store', (kind) => {
  it.each(RECORDED)('$name, $about, is seen as it was, and goes on to its end', async ({ runs, expected }) => {
    const { deps } = await openFresh(kind);
    for (const run of runs) await store(deps.log, run);
    for (const { id, events } of runs) expect(await deps.log.read(id, 0)).toEqual(events);
    const found = await Promise.all(runs.map(({ id }) => readRun(deps, id)));
    const ended = await carryOn(deps, runs);
    for (const [index, { id, events }] of runs.entries()) {
      expect((await deps.log.read(id, 0)).slice(0, events.length), 'what was recorded stays').toEqual(events);
      if (found[index]?.finishedAt !== null) expect(ended[index], 'what had ended stays').toEqual(found[index]);
    }
    await expect(`${JSON.stringify({ found, ended: ended.map(endOf) }, withoutInstants, 1)}\n`).toMatchFileSnapshot(expected);
  }, LIMIT_MS);

  it('a journal of a version that is not known is refused, whatever is asked, and stays as it is', async () => {
    const { deps, setVersion } = await openFresh(kind);
    const known = recorded('approval');
    const [first, ...rest] = known.events.map(({ seq: _, at: __, ...body }) => body);
    if (first?.type !== 'run.started') throw new Error('it begins with something else');
    const written = [{ ...first, schema: JOURNAL_SCHEMA + 1 } as unknown as RunEventBody, ...rest];
    const ticket = { runId: known.id, job: 'one', attempt: 1, turn: 0, notBefore: 0 };
    const summary = toRunSummary(foldRun(known.id, known.events));
    await deps.log.create({ runId: known.id, at: 1, events: written, summary, enqueue: [ticket], maxOpenRuns: 10 });

    const worker = createWorker(deps, { concurrency: 2 });
    await worker.start();
    while ((await deps.queue.ticketsOf(known.id))[0]?.lease === undefined || worker.held > 0) await wait(LOOK_MS);
    const asked = [
      readRun(deps, known.id),
      explainRun(deps, known.id),
      cancelRun(deps, { runId: known.id, by: 'ada' }),
      answerApproval(deps, { runId: known.id, step: 'one/ask', decision: 'approved', by: 'ada' }),
      callBack(deps, { token: deps.callbacks.urlOf(known.id), payload: null, by: 'ada' }),
      deps.log.append({ runId: known.id, at: 1, events: [{ type: 'run.cancel_requested', by: 'ada' }] }),
    ];
    const codes = (await Promise.allSettled(asked)).map((answer) => (answer.status === 'rejected' ? fromUnknown(answer.reason).code : 'answered'));
    expect(codes).toEqual(asked.map(() => 'STATE_SCHEMA'));
    await reconcile(deps);
    await worker.stop();

    // Made readable for the store, to look at it; its own first event still says what it is.
    await setVersion(known.id, JOURNAL_SCHEMA);
    expect((await deps.log.read(known.id, 0)).map(({ seq: _, at: __, ...body }) => body)).toEqual(written);
    expect(await deps.catalog.getRun(known.id)).toEqual(summary);
    expect((await deps.queue.ticketsOf(known.id)).map(({ job }) => job)).toEqual(['one']);
    await expect(readRun(deps, known.id)).rejects.toMatchObject({ code: 'STATE_SCHEMA' });
  }, LIMIT_MS);
});

function recorded(name: string): StoredRun {
  const [run] = RECORDED.find((one) => one.name === `${String(JOURNAL_SCHEMA)}/${name}`)?.runs ?? [];
  if (run === undefined) throw new Error(`there is no journal ${name}`);
  return run;
}

/** The runs after a worker has come, and what they wait for. */
async function carryOn(deps: EngineDeps, runs: readonly StoredRun[]): Promise<RunView[]> {
  await reconcile(deps);
  const worker = createWorker(deps, { concurrency: 4 });
  await worker.start();
  for (;;) {
    const views = await Promise.all(runs.map(({ id }) => readRun(deps, id)));
    if (views.every((view) => view.finishedAt !== null)) {
      await worker.stop();
      return views;
    }
    for (const { runId, step, subject } of (await listApprovals(deps, {})).items) await answerApproval(deps, { runId, step, decision: 'approved', by: 'ada', subject });
    for (const wanted of await deps.catalog.listWaits({ kind: 'signal', limit: 10 })) await sendSignal(deps, { name: wanted.name ?? '', payload: null, by: 'ada' });
    await wait(LOOK_MS);
  }
}

/** What does not depend on when it happened. */
function endOf({ id, status, outputs, error, jobs }: RunView): object {
  const steps = (job: RunView['jobs'][number]): object[] => job.steps.map((step) => ({ id: step.id, status: step.status, attempt: step.attempt, iteration: step.iteration, outputs: step.outputs, error: step.error }));
  return { id, status, outputs, error, jobs: jobs.map((job) => ({ key: job.key, status: job.status, attempt: job.attempt, outputs: job.outputs, steps: steps(job) })) };
}

/** What is approved in the test says when. */
function withoutInstants(key: string, value: unknown): unknown {
  return key === 'decidedAt' ? 'then' : value;
}

const clock = {
  now: () => Date.now(),
  after(ms: number, callback: () => void) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

import { setTimeout as wait } from 'node:timers/promises';

import { LIMITS, type RunId } from '@kb-labs/contracts';
import { createWorker, type EngineDeps, readRun } from '@kb-labs/engine';
import { type RedisServer, startRedisServer } from '@kb-labs/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { type Host, Hosts } from './host.fixture.js';
import { openEngine, type OpenEngine } from './open-engine.js';
import { openRedisEngine } from './open-redis-engine.js';
import { startWork, WORK } from './start-work.js';

const TIMES = LIMITS.interruptionsBeforeQuarantine;
const LEASE_MS = 1_000;
const LOOK_MS = 20;
const LIMIT_MS = 60_000;

let server: RedisServer;
const hosts = new Hosts();
const closing: (() => Promise<void>)[] = [];
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  hosts.clear();
});

const open = {
  async embedded(options: OpenEngine): Promise<EngineDeps> {
    const { deps, store } = await openEngine(options);
    closing.push(() => store.close());
    return deps;
  },
  async redis(options: OpenEngine): Promise<EngineDeps> {
    const { deps, store } = await openRedisEngine(server.url, options);
    closing.push(() => store.close());
    return deps;
  },
};

/** Processes that come to a step of one run and stay in it. */
const processes = {
  embedded: (dir: string) => (first: boolean) => hosts.start(new URL('./engine-host.ts', import.meta.url), first ? 'sleepy' : 'work', dir, String(LEASE_MS)),
  redis: (dir: string) => () => hosts.start(new URL('./redis-host.ts', import.meta.url), 'work', dir, server.url, String(LEASE_MS)),
};

describe.each(['embedded', 'redis'] as const)('a step on the %s store', (kind) => {
  it(`whose process is killed ${TIMES} times quarantines its run`, async () => {
    const dir = hosts.newDir();
    const deps = await open[kind]({ dir, workflows: [WORK], run: () => Promise.reject(new Error('it runs no steps')) });
    const start = processes[kind](dir);
    if (kind === 'redis') await startWork(deps, { idempotencyKey: 'deadly', held: true });
    for (let times = 0; times < TIMES; times += 1) {
      const host: Host = start(times === 0);
      await host.until(/^asleep/m);
      host.process.kill('SIGKILL');
      await host.ended;
    }
    const [run] = await deps.catalog.listRuns({ limit: 2 });
    expect(await statusOf(deps, run?.id as RunId), 'nobody has come after the last one').toBe('running');
    const last = start(false);
    expect(await untilEnd(deps, run?.id as RunId)).toBe('quarantined');
    expect(last.said).not.toContain('asleep');
    last.process.kill('SIGKILL');
    await last.ended;
  }, LIMIT_MS);

  it('whose workers are stopped more often than that, with no time left for it, does not', async () => {
    const dir = hosts.newDir();
    let comes = 0;
    const deps = await open[kind]({
      dir,
      workflows: [WORK],
      run: ({ step, job, signal }) => {
        if (job !== 'one' || step !== 'b' || (comes += 1) > TIMES + 1) return Promise.resolve({ status: 'success', outputs: {} });
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve({ status: 'aborted', outputs: {} })));
      },
    });
    const run = await startWork(deps, { idempotencyKey: 'cut', held: false });
    for (let times = 1; times <= TIMES + 1; times += 1) {
      const worker = createWorker(deps, { concurrency: 2 });
      await worker.start();
      while (comes < times) await wait(LOOK_MS);
      await worker.stop({ graceMs: 1 });
    }
    const worker = createWorker(deps, { concurrency: 2 });
    await worker.start();
    expect(await untilEnd(deps, run)).toBe('success');
    await worker.stop();
    const cut = (await deps.log.read(run, 0)).filter((event) => event.type === 'step.finished' && event.status === 'interrupted');
    expect(cut.map((event) => 'workerLived' in event && event.workerLived)).toEqual(Array.from({ length: TIMES + 1 }, () => true));
  }, LIMIT_MS);
});

async function statusOf(deps: EngineDeps, run: RunId): Promise<string> {
  return (await readRun(deps, run)).status;
}

async function untilEnd(deps: EngineDeps, run: RunId): Promise<string> {
  while ((await readRun(deps, run)).finishedAt === null) await wait(LOOK_MS);
  return statusOf(deps, run);
}

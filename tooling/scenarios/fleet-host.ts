/**
 * Worker processes on one Redis server, with deliveries as a daemon has them: `fleet-host.ts <role> …`. Steps wait and do nothing.
 *
 * - `measure <dir> <rounds> <most>`: prints in one line of JSON how many runs per second end with 1 worker process, 2, and so on.
 * - `work <dir> <url>`: carries on what is open until the process ends. Says `works`.
 */
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { RunId } from '@kb-labs/contracts';
import { createWorker, type EngineDeps, startRun } from '@kb-labs/engine';
import { spawnSource, startRedisServer } from '@kb-labs/testkit';

import { manual } from './open-engine.js';
import { openRedisEngine } from './open-redis-engine.js';

const CONCURRENCY = 4;
const STEP_MS = 50;
const STEPS = 2;
const RUNS_PER_WORKER = 160;
const PRODUCERS = 8;
const LOOK_MS = 50;

const workflow = `
id: waits
jobs:
  one: { steps: [${Array.from({ length: STEPS }, () => '{ uses: host/do:wait }').join(', ')}] }
`;

const [role = '', dir = '', ...rest] = process.argv.slice(2);
switch (role) {
  case 'measure':
    await measure(Number(rest[0]), Number(rest[1]));
    break;
  case 'work':
    await work(rest[0] ?? '');
    break;
}

async function measure(rounds: number, most: number): Promise<void> {
  const server = await startRedisServer({ 'maxmemory-policy': 'noeviction' });
  const { deps, store } = await open(server.url);
  const measured: number[][] = [];
  for (let round = 0; round < rounds; round += 1) {
    const rates: number[] = [];
    for (let workers = 1; workers <= most; workers += 1) rates.push(await rateWith(deps, workers, server.url));
    measured.push(rates);
  }
  await store.close();
  await server.stop();
  process.stdout.write(`${JSON.stringify({ rounds: measured, concurrency: CONCURRENCY, steps: STEPS, stepMs: STEP_MS })}\n`);
}

async function rateWith(deps: EngineDeps, workers: number, url: string): Promise<number> {
  const fleet = await Promise.all(Array.from({ length: workers }, () => startWorker(url)));
  const runs: RunId[] = [];
  let left = workers * RUNS_PER_WORKER;
  await Promise.all(
    Array.from({ length: PRODUCERS }, async () => {
      while (left > 0) {
        left -= 1;
        runs.push((await startRun(deps, { workflowId: 'waits', input: {}, trigger: manual })).run.id as RunId);
      }
    }),
  );
  while ((await deps.catalog.openRuns({ limit: 1 })).length > 0) await wait(LOOK_MS);
  const ends = (await Promise.all(runs.map((run) => deps.catalog.getRun(run)))).map((run) => run?.finishedAt ?? Number.NaN).toSorted((a, b) => a - b);
  await Promise.all(fleet.map((end) => end()));
  return middleRate(ends);
}

/** Ends per second between the first fifth of them and the last: at the beginning workers warm up, at the end some have nothing left. */
function middleRate(ends: readonly number[]): number {
  const from = Math.floor(ends.length / 5);
  const to = Math.floor((ends.length * 4) / 5);
  return ((to - from) / ((ends[to] ?? Number.NaN) - (ends[from] ?? Number.NaN))) * 1_000;
}

/** Resolves once it works, with what ends it. */
async function startWorker(url: string): Promise<() => Promise<unknown>> {
  const child = spawnSource(fileURLToPath(import.meta.url), ['work', dir, url]);
  const gone = once(child, 'exit');
  if (child.stdout === null) throw new Error('its output is not read');
  await Promise.race([once(child.stdout, 'data'), gone.then(() => Promise.reject(new Error('a worker ended early')))]);
  return () => {
    child.kill('SIGTERM');
    return gone;
  };
}

async function work(url: string): Promise<void> {
  const { deps, store } = await open(url);
  const worker = createWorker(deps, { concurrency: CONCURRENCY, reconciles: false });
  process.once('SIGTERM', () => void worker.stop().then(() => store.close()));
  await worker.start();
  process.stdout.write('works\n');
}

function open(url: string): ReturnType<typeof openRedisEngine> {
  return openRedisEngine(url, {
    dir,
    workflows: [workflow],
    run: async () => {
      await wait(STEP_MS);
      return { status: 'success', outputs: {} };
    },
  });
}

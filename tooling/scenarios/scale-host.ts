/**
 * One matrix of jobs that do nothing, carried out in this process: `scale-host.ts <dir> <jobs> <repeats>`.
 * Prints one line of JSON: what it took.
 */
import { setTimeout as wait } from 'node:timers/promises';

import type { RunId } from '@kb-labs/contracts';
import { createWorker, listRuns, readRun, startRun } from '@kb-labs/engine';

import { manual, openEngine } from './open-engine.js';

const CONCURRENCY = 8;
const WARM_UP_JOBS = 100;
const WARM_UP_RUNS = 5;
const LOOK_MS = 2;

const [dir = '', jobs = '100', repeats = '1'] = process.argv.slice(2);

const text = `
id: scale
inputs: { list: { type: json, required: true } }
jobs:
  one:
    strategy: { matrix: { n: "\${{ inputs.list }}" } }
    steps: [{ uses: host/do:nothing }]
`;

const { deps, store } = await openEngine({
  dir,
  workflows: [text],
  run: () => Promise.resolve({ status: 'success', outputs: {} }),
  limits: { matrixCombinations: 10_000 },
});
const worker = createWorker(deps, { concurrency: CONCURRENCY });
await worker.start();

let peak = 0;
for (let run = 0; run < WARM_UP_RUNS; run += 1) await carryOut(WARM_UP_JOBS);
globalThis.gc?.();
const before = process.memoryUsage.rss();
peak = before;
const times: number[] = [];
const cpuTimes: number[] = [];
let grownBytes = 0;
let last: RunId | undefined;
for (let run = 0; run < Number(repeats); run += 1) {
  const start = performance.now();
  const cpuBefore = process.cpuUsage();
  last = await carryOut(Number(jobs));
  times.push(performance.now() - start);
  const { user, system } = process.cpuUsage(cpuBefore);
  cpuTimes.push((user + system) / 1_000);
  // Later runs find the memory that the first one made the process ask for.
  if (run === 0) grownBytes = peak - before;
}
const runId = last ?? (await carryOut(Number(jobs)));
const journal = await store.log.read(runId, 0);
const [listMs, list] = await timed(() => listRuns(deps, { limit: 50 }));
const [viewMs, view] = await timed(() => readRun(deps, runId));
await worker.stop();
await store.close();
process.stdout.write(
  `${JSON.stringify({
    jobs: Number(jobs),
    timesMs: times,
    cpuTimesMs: cpuTimes,
    grownBytes,
    journalBytes: journal.reduce((sum, event) => sum + Buffer.byteLength(JSON.stringify(event)), 0),
    events: journal.length,
    listMs,
    listed: list.items.length,
    viewMs,
    viewed: view.jobs.filter((job) => job.status === 'success').length,
  })}\n`,
);

async function carryOut(count: number): Promise<RunId> {
  const list = Array.from({ length: count }, (_, n) => n);
  const { run } = await startRun(deps, { workflowId: 'scale', input: { list }, trigger: manual });
  const runId = run.id as RunId;
  for (;;) {
    peak = Math.max(peak, process.memoryUsage.rss());
    const summary = await deps.catalog.getRun(runId);
    if (summary !== undefined && summary.finishedAt !== null) return runId;
    await wait(LOOK_MS);
  }
}

async function timed<T>(work: () => Promise<T>): Promise<[number, T]> {
  const start = performance.now();
  const result = await work();
  return [performance.now() - start, result];
}

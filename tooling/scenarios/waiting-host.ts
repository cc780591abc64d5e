/**
 * A process with an engine in it whose runs mostly wait: `waiting-host.ts <role> <dir> <count> <ordinary>`.
 * Steps write themselves down in `<dir>/ledger.txt`. Acknowledgements go to stdout, a line each.
 *
 * - `fill`: starts `count` runs that wait for an approval and as many that sleep, then `ordinary` ones beside them. Says in one
 *   line of JSON how it stands, and stays.
 * - `work`: carries on what is open, and ends when nothing is.
 * - `approve`: answers every approval that waits. It carries nothing on.
 * - `measure`: prints how fast ordinary runs are beside `count` + `count` waiting ones, and beside none.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { JsonObject, RunId, RunStatus } from '@kb-labs/contracts';
import { answerApproval, createWorker, type EngineDeps, listApprovals, startRun } from '@kb-labs/engine';

import { manual, openEngine } from './open-engine.js';

const CONCURRENCY = 2;
const LOOK_MS = 5;
const MEASURED_RUNS = 60;
const ROUNDS = 30;
const WARM_UP_ROUNDS = 3;
/** More than one of them takes, so that the sleepers sleep until all of them have ended. */
const ORDINARY_RUN_MS = 50;
const HOUR_MS = 3_600_000;

const [role = '', dir = '', count = '1000', others = '100'] = process.argv.slice(2);
const waiting = Number(count);
const ordinaryRuns = Number(others);

const workflows = [
  `
id: approve
jobs:
  one:
    steps:
      - { id: ask, uses: "builtin:approval", with: { title: Go on? } }
      - { id: then, uses: host/do:it }
`,
  `
id: sleep
inputs: { until: { type: string, required: true } }
jobs:
  one:
    steps:
      - { id: nap, uses: "builtin:sleep", with: { until: "\${{ inputs.until }}" } }
      - { id: then, uses: host/do:it }
`,
  `
id: ordinary
jobs:
  one: { steps: [{ id: a, uses: host/do:it }, { id: b, uses: host/do:it }] }
  two: { needs: one, steps: [{ id: c, uses: host/do:it }] }
`,
];

switch (role) {
  case 'fill':
    await fill();
    break;
  case 'work':
    await work();
    break;
  case 'approve':
    await approve();
    break;
  case 'measure':
    await measure();
    break;
}

async function fill(): Promise<void> {
  const { deps } = await open(dir, true);
  const worker = createWorker(deps, { concurrency: CONCURRENCY });
  await worker.start();
  const begin = performance.now();
  const asking = await startMany(deps, waiting, 'approve');
  await allWait(deps, asking);
  const tookMs = performance.now() - begin;
  // The sleepers take about as long; none must wake before all of them sleep and the rest of this has been seen.
  const dueAt = Date.now() + Math.ceil(3 * tookMs) + ordinaryRuns * ORDINARY_RUN_MS;
  const sleeping = await startMany(deps, waiting, 'sleep', { until: new Date(dueAt).toISOString() });
  await allWait(deps, sleeping);
  const ordinary = await startMany(deps, ordinaryRuns, 'ordinary');
  await allEnd(deps, ordinary);

  const tickets = (await Promise.all([...asking, ...sleeping].map((runId) => deps.queue.ticketsOf(runId)))).flat();
  const leased = tickets.filter((ticket) => ticket.lease !== undefined).length;
  const early = tickets.filter((ticket) => ticket.notBefore !== dueAt).length;
  process.stdout.write(`${JSON.stringify({ dueAt, now: Date.now(), held: worker.held, tickets: tickets.length, leased, early })}\n`);
  await new Promise(() => undefined);
}

async function work(): Promise<void> {
  const { deps, store } = await open(dir, true);
  const worker = createWorker(deps, { concurrency: CONCURRENCY });
  await worker.start();
  await worker.idle();
  await worker.stop();
  await store.close();
  process.stdout.write('idle\n');
}

async function approve(): Promise<void> {
  const { deps, store } = await open(dir, true);
  let answered = 0;
  for (;;) {
    const { items } = await listApprovals(deps, { limit: 100 });
    for (const { runId, step, subject } of items) {
      await answerApproval(deps, { runId, step, decision: 'approved', by: 'ada', subject });
      answered += 1;
    }
    if (items.length === 0) break;
  }
  await store.close();
  process.stdout.write(`answered ${answered}\n`);
}

interface Took {
  readonly ms: number;
  readonly cpuMs: number;
}

/** In turns, so that a machine that slows down slows both. */
async function measure(): Promise<void> {
  const alone = await openIn('alone');
  const crowded = await openIn('crowded');
  const filler = createWorker(crowded.deps, { concurrency: CONCURRENCY });
  await filler.start();
  await allWait(crowded.deps, await startMany(crowded.deps, waiting, 'approve'));
  await allWait(crowded.deps, await startMany(crowded.deps, waiting, 'sleep', { until: new Date(Date.now() + HOUR_MS).toISOString() }));
  await filler.stop();
  const rounds: { alone: Took; crowded: Took }[] = [];
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    // Who is first takes turns too.
    const [first, second] = round % 2 === 0 ? [alone, crowded] : [crowded, alone];
    const took = new Map([[first, await timeOrdinary(first.deps)]]).set(second, await timeOrdinary(second.deps));
    const [one, other] = [took.get(alone), took.get(crowded)];
    if (round >= 0 && one !== undefined && other !== undefined) rounds.push({ alone: one, crowded: other });
  }
  await alone.store.close();
  await crowded.store.close();
  process.stdout.write(`${JSON.stringify({ waiting: 2 * waiting, runs: MEASURED_RUNS, concurrency: CONCURRENCY, rounds })}\n`);
}

async function timeOrdinary(deps: EngineDeps): Promise<Took> {
  const worker = createWorker(deps, { concurrency: CONCURRENCY });
  await worker.start();
  const begin = performance.now();
  const cpuBegin = process.cpuUsage();
  await allEnd(deps, await startMany(deps, MEASURED_RUNS, 'ordinary'));
  const { user, system } = process.cpuUsage(cpuBegin);
  const took = { ms: performance.now() - begin, cpuMs: (user + system) / 1_000 };
  await worker.stop();
  return took;
}

function openIn(name: string): ReturnType<typeof openEngine> {
  const folder = join(dir, name);
  mkdirSync(folder);
  return open(folder, false);
}

function open(folder: string, ledger: boolean): ReturnType<typeof openEngine> {
  return openEngine({
    dir: folder,
    workflows,
    run: (call) => {
      if (ledger) appendFileSync(join(folder, 'ledger.txt'), `${call.runId} ${call.job} ${call.step}\n`);
      return Promise.resolve({ status: 'success', outputs: {} });
    },
  });
}

async function startMany(deps: EngineDeps, runs: number, workflowId: string, input: JsonObject = {}): Promise<RunId[]> {
  const started: RunId[] = [];
  for (let n = 0; n < runs; n += 1) {
    const { run } = await startRun(deps, { workflowId, input, trigger: manual });
    if (role === 'fill') process.stdout.write(`ack ${run.id}\n`);
    started.push(run.id as RunId);
  }
  return started;
}

function allWait(deps: EngineDeps, runs: readonly RunId[]): Promise<void> {
  return allAre(deps, runs, 'waiting');
}

function allEnd(deps: EngineDeps, runs: readonly RunId[]): Promise<void> {
  return allAre(deps, runs, 'success');
}

async function allAre(deps: EngineDeps, runs: readonly RunId[], status: RunStatus): Promise<void> {
  for (const runId of runs) while ((await deps.catalog.getRun(runId))?.status !== status) await wait(LOOK_MS);
}

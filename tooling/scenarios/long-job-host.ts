/**
 * One job of many steps that do nothing: `long-job-host.ts <dir> <steps> <runs> <counted>`. Prints one line of JSON: what the first of
 * them took and what the last of them took, in each run.
 *
 * A document may have fewer steps in one job, so the plan is made longer after its document was checked.
 */
import type { RunPlan } from '@kb-labs/contracts';

import { carryOut, NOTHING, openMeasuredEngine } from './open-measured-engine.js';

const WRITTEN = 10;
const WARM_UP_RUNS = 3;

const [dir = '', steps = '1000', runs = '10', counted = '100'] = process.argv.slice(2);
const portion = Number(counted);

const text = `id: long\njobs: { one: { steps: [${Array.from({ length: WRITTEN }, (_, index) => `{ id: s${String(index)}, uses: "${NOTHING}" }`).join(', ')}] } }\n`;

interface Begun {
  readonly atMs: number;
  readonly cpuMs: number;
}
let begun: Begun[] = [];

const { deps, close } = await openMeasuredEngine({
  dir,
  workflows: [text],
  concurrency: 1,
  onStep: () => void begun.push(now()),
  change: (document) => ({ ...document, plan: lengthened(document.plan) }),
});
const measured: { first: Took; last: Took }[] = [];
// The first of all finds the document unchecked and runs it as it is written.
for (let run = -WARM_UP_RUNS - 1; run < Number(runs); run += 1) {
  begun = [];
  await carryOut(deps, 'long');
  if (run < 0) continue;
  if (begun.length !== Number(steps)) throw new Error(`the run had ${String(begun.length)} steps`);
  measured.push({ first: between(0, portion), last: between(begun.length - 1 - portion, begun.length - 1) });
}
await close();
process.stdout.write(`${JSON.stringify({ rounds: measured, steps: Number(steps), counted: portion })}\n`);

interface Took {
  /** Of one step. */
  readonly ms: number;
  readonly cpuMs: number;
}

function between(from: number, to: number): Took {
  const [a, b] = [begun[from], begun[to]];
  if (a === undefined || b === undefined) throw new Error('there are not as many steps');
  return { ms: (b.atMs - a.atMs) / (to - from), cpuMs: (b.cpuMs - a.cpuMs) / (to - from) };
}

function now(): Begun {
  const { user, system } = process.cpuUsage();
  return { atMs: performance.now(), cpuMs: (user + system) / 1_000 };
}

function lengthened(plan: RunPlan): RunPlan {
  return {
    ...plan,
    jobs: plan.jobs.map((job) => ({
      ...job,
      steps: Array.from({ length: Number(steps) }, (_, index) => ({ ...(job.steps[index % WRITTEN] ?? neverEmpty()), id: `s${String(index)}` })),
    })),
  };
}

function neverEmpty(): never {
  throw new Error('the job has no steps');
}

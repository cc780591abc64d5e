import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { RunEvent, RunEventBody, RunId } from '@kb-labs/contracts';
import { answerApproval, createWorker, type EngineDeps, listApprovals, readRun, startRun } from '@kb-labs/engine';
import { hasCode } from '@kb-labs/errors';
import type { Clock } from '@kb-labs/ports';
import { openEmbeddedStore } from '@kb-labs/store-embedded';
import { aJobFinished, aJobStarted, aRunFinished, aStepFinished, aStepStarted } from '@kb-labs/testkit';
import { describe, expect, it } from 'vitest';

import { faultyStore } from './faulty-store.js';
import { engineOn, manual } from './open-engine.js';

const RUNS = 200;
/** Of a hundred calls, for each kind of fault. */
const PERCENT = 3;
const SEED = 20_261;
/** Workers wait a second here and there after a fault: time runs faster for them. */
const PACE = 20;

const KINDS = ['plain', 'wide', 'asks'];
const WORKFLOWS = [
  `
id: plain
outputs: { n: "\${{ jobs.two.outputs.n }}" }
jobs:
  one:
    outputs: { n: "\${{ steps.b.outputs.n }}" }
    steps: [{ id: a, uses: host/do:it, with: { n: 1 } }, { id: b, uses: host/do:it, with: { n: "\${{ steps.a.outputs.n }}" } }]
  two:
    needs: one
    outputs: { n: "\${{ steps.c.outputs.n }}" }
    steps: [{ id: c, uses: host/do:it, with: { n: "\${{ needs.one.outputs.n }}" } }]
`,
  `
id: wide
outputs: { n: "\${{ jobs.last.outputs.n }}" }
jobs:
  each:
    strategy: { matrix: { n: [5, 6, 7] } }
    outputs: { n: "\${{ steps.a.outputs.n }}" }
    steps: [{ id: a, uses: host/do:it, with: { n: "\${{ matrix.n }}" } }]
  last:
    needs: each
    outputs: { n: "\${{ steps.b.outputs.n }}" }
    steps: [{ id: b, uses: host/do:it, with: { n: "\${{ needs.each.combinations[2].outputs.n }}" } }]
`,
  `
id: asks
outputs: { n: "\${{ jobs.one.outputs.n }}" }
jobs:
  one:
    outputs: { n: "\${{ steps.a.outputs.n }}" }
    steps: [{ id: ask, uses: "builtin:approval", with: { title: Go on? } }, { id: a, uses: host/do:it, with: { n: 10 } }]
`,
];

describe('an engine whose store fails, times out and is late', () => {
  it('brings every run to the end it would have had, each outcome once', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'kb-faulty-'));
    const store = await openEmbeddedStore({ dir, clock });
    const met = { before: 0, after: 0, late: 0 };
    const bad = faultyStore(store, { random: generator(SEED), percent: PERCENT, mostOfRun: 2, met });
    const options = {
      dir,
      workflows: WORKFLOWS,
      run: (call: { input: Record<string, unknown> }) => Promise.resolve({ status: 'success' as const, outputs: { n: Number(call.input['n']) + 1 } }),
    };
    const quiet = { logger: { debug() {}, info() {}, warn() {}, error() {} }, clock };
    const faulty: EngineDeps = { ...engineOn(bad, options), ...quiet };
    const sound: EngineDeps = { ...engineOn(store, options), ...quiet };
    const workers = [1, 2].map(() => createWorker(faulty, { concurrency: 8 }));
    try {
      for (const worker of workers) await insist(() => worker.start());
      const runs: RunId[] = [];
      for (let n = 0; n < RUNS; n += 1) {
        const command = { workflowId: KINDS[n % KINDS.length] ?? '', input: {}, trigger: manual, idempotencyKey: `run-${String(n)}` };
        runs.push((await insist(() => startRun(faulty, command))).run.id as RunId);
      }
      await endOf(runs, sound, faulty);
      const outputs = await Promise.all(runs.map(async (run) => (await readRun(sound, run)).outputs));
      expect(outputs).toEqual(runs.map((_, n) => ({ n: [4, 9, 11][n % KINDS.length] })));
      const all = await store.catalog.listRuns({ limit: 10 * RUNS });
      expect([all.length, all.filter((run) => run.status !== 'success')]).toEqual([RUNS, []]);
      for (const run of all) expect(problemsOf(await store.log.read(run.id as RunId, 0))).toEqual([]);
      expect(Math.min(met.before, met.after, met.late)).toBeGreaterThan(20);
    } finally {
      for (const worker of workers) await worker.stop();
      await store.close();
      await rm(dir, { recursive: true });
    }
  }, 60_000);
});

describe('the check of a journal', () => {
  it('finds an outcome that is missing and one that came twice', () => {
    const finished = aStepFinished();
    const whole = [aJobStarted(), aStepStarted(), finished, aJobFinished(), aRunFinished()];
    const numbered = (events: readonly RunEventBody[]): RunEvent[] => events.map((event, index) => ({ ...event, seq: index + 1, at: 0 }));
    expect(problemsOf(numbered(whole))).toEqual([]);
    expect(problemsOf(numbered([...whole, aRunFinished()]))).toEqual(['run']);
    expect(problemsOf(numbered(whole.toSpliced(2, 0, finished)))).toEqual(['main.1.step-1']);
    expect(problemsOf(numbered(whole.filter((event) => event !== finished)))).toEqual(['main.1.step-1']);
  });
});

/** Answers approvals, through the store that fails, until all runs have ended. */
async function endOf(runs: readonly RunId[], sound: EngineDeps, faulty: EngineDeps): Promise<void> {
  for (let open = runs; open.length > 0; await wait(10)) {
    for (const { runId, step, subject } of (await listApprovals(sound, { limit: 100 })).items) {
      await answerApproval(faulty, { runId, step, decision: 'approved', by: 'ada', subject }).catch(() => undefined);
    }
    const left = await sound.catalog.openRuns({ limit: runs.length * 2 });
    open = open.filter((run) => left.includes(run));
  }
}

async function insist<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (thrown) {
      if (!hasCode(thrown, 'STATE_UNAVAILABLE')) throw thrown;
    }
  }
}

/** What ended more than once, or never though it began. */
function problemsOf(events: readonly RunEvent[]): string[] {
  const ended = new Map<string, number>();
  const begun = new Set<string>(['run']);
  for (const event of events) {
    const key = placeOf(event);
    if (key === undefined) continue;
    if ('status' in event && event.status === 'interrupted') continue;
    if (event.type.endsWith('.finished')) ended.set(key, (ended.get(key) ?? 0) + 1);
    else begun.add(key);
  }
  return [...begun].filter((key) => ended.get(key) !== 1);
}

function placeOf(event: RunEvent): string | undefined {
  switch (event.type) {
    case 'run.finished':
      return 'run';
    case 'job.started':
    case 'job.finished':
      return `${event.job}.${String(event.attempt)}`;
    case 'step.started':
    case 'step.finished':
      return `${event.job}.${String(event.attempt)}.${event.step}`;
    default:
      return undefined;
  }
}

/** Mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const begin = Date.now();
const clock: Clock = {
  now: () => begin + (Date.now() - begin) * PACE,
  after(ms, callback) {
    const timer = setTimeout(callback, ms / PACE);
    return () => clearTimeout(timer);
  },
};

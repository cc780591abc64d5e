import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { isTerminalRun, type RunEvent, type RunEventBody, type RunId } from '@kb-labs/contracts';
import { answerApproval, callBack, createWorker, type EngineDeps, explainRun, followLogs, followRun, listApprovals, listRuns, readArtifact, readLogs, readRun, reconcile, startRun } from '@kb-labs/engine';
import { hasCode } from '@kb-labs/errors';
import type { Clock, PluginHost } from '@kb-labs/ports';
import { openEmbeddedStore } from '@kb-labs/store-embedded';
import { aJobFinished, aJobStarted, aRunFinished, aStepFinished, aStepStarted } from '@kb-labs/testkit';
import { describe, expect, it } from 'vitest';

import { sized } from './fault-size.js';
import { type Fault, faultyStore } from './faulty-store.js';
import { engineOn, manual } from './open-engine.js';

const RUNS = sized(40, 240);
/** Of a hundred calls, for each kind of fault. */
const PERCENT = 4;
/** Another one meets other faults: `KB_SEED=7`. */
const SEED = Number(process.env['KB_SEED'] ?? 20_261);
/** Time runs faster for the engine: it pauses after a fault, and late calls are a second late. */
const PACE = 25;
const EACH_KIND_AT_LEAST = sized(30, 200);
const FOLLOWED = 10;

const KINDS = [
  {
    id: 'plain',
    n: 4,
    text: `
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
  },
  {
    id: 'wide',
    n: 9,
    text: `
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
  },
  {
    id: 'asks',
    n: 11,
    text: `
outputs: { n: "\${{ jobs.one.outputs.n }}" }
jobs:
  one:
    outputs: { n: "\${{ steps.a.outputs.n }}" }
    steps: [{ id: ask, uses: "builtin:approval", with: { title: Go on? } }, { id: a, uses: host/do:it, with: { n: 10 } }]
`,
  },
  {
    id: 'calls',
    n: 5,
    text: `
outputs: { n: "\${{ jobs.one.outputs.n }}" }
jobs:
  one:
    outputs: { n: "\${{ steps.b.outputs.n }}" }
    steps: [{ id: call, uses: "workflow://plain" }, { id: b, uses: host/do:it, with: { n: "\${{ fromJSON(steps.call.outputs.n) }}" } }]
`,
  },
  {
    id: 'keeps',
    n: 21,
    text: `
concurrency: one-by-one
outputs: { n: "\${{ jobs.two.outputs.n }}" }
jobs:
  one:
    artifacts: { produce: [text] }
    steps: [{ id: a, uses: host/do:it, with: { n: 1, keep: a } }]
  two:
    needs: one
    artifacts: { consume: [text], produce: [text], merge: { strategy: append, from: [{ job: one }] } }
    outputs: { n: "\${{ steps.b.outputs.n }}" }
    steps: [{ id: b, uses: host/do:it, with: { n: 20, keep: b } }]
`,
  },
  {
    id: 'hears',
    n: 31,
    text: `
outputs: { n: "\${{ jobs.one.outputs.n }}" }
jobs:
  one:
    outputs: { n: "\${{ steps.b.outputs.n }}" }
    steps:
      - { id: tell, uses: host/do:it, with: { n: 0, at: "\${{ run.callbackUrl }}" } }
      - { id: hear, uses: "builtin:wait", with: { callback: true } }
      - { id: b, uses: host/do:it, with: { n: 30 } }
`,
  },
];
/** Adds one, writes a line that names the try, reads what its job consumes, and keeps what it is told to. */
const run: PluginHost['run'] = async (call) => {
  const { n, keep } = call.input;
  await call.log({ stream: 'stdout', level: 'info', text: tryOf(call) });
  for (const { open } of call.consumed) for await (const _ of await open());
  if (typeof keep === 'string') await call.saveArtifact({ name: 'text', type: 'text', content: new TextEncoder().encode(keep) });
  return { status: 'success', outputs: { n: Number(n) + 1 } };
};

const tryOf = (at: { job: string; step: string; attempt: number; stepAttempt: number }): string => `${at.job} ${at.step} ${at.attempt}.${at.stepAttempt}`;

describe('an engine whose state fails, times out, is late and answers what is old by then', () => {
  it('brings every run to the end it would have had, each outcome once', async ({ annotate }) => {
    const dir = await mkdtemp(join(tmpdir(), 'kb-faulty-'));
    const store = await openEmbeddedStore({ dir, clock });
    const options = { dir, workflows: KINDS.map(({ id, text }) => `id: ${id}${text}`), run };
    const sound: EngineDeps = { ...engineOn(store, options), logger: silent, clock };
    const met = new Map<string, Partial<Record<Fault, number>>>();
    const faulty: EngineDeps = { ...sound, ...faultyStore(sound, { random: generator(SEED), percent: PERCENT, clock, met }) };
    const workers = [1, 2].map(() => createWorker(faulty, { concurrency: 8 }));
    try {
      for (const worker of workers) await insist(() => worker.start());
      const start = async (n: number): Promise<RunId> => {
        const command = { workflowId: kindOf(n).id, input: {}, trigger: manual, idempotencyKey: `run-${String(n)}` };
        return (await insist(() => startRun(faulty, command))).run.id as RunId;
      };
      const runs = await Promise.all(Array.from({ length: RUNS }, (_, n) => start(n)));
      await endOf(runs, sound, faulty);
      for (const worker of workers) await insist(() => worker.stop());

      const outputs = await Promise.all(runs.map(async (id) => (await readRun(sound, id)).outputs));
      expect(outputs).toEqual(runs.map((_, n) => ({ n: kindOf(n).n })));
      const all = await store.catalog.listRuns({ limit: 10 * RUNS });
      const calls = runs.filter((_, n) => kindOf(n).text.includes('workflow://')).length;
      expect([all.length, all.filter((one) => one.status !== 'success')]).toEqual([RUNS + calls, []]);
      for (const one of all) {
        const events = await store.log.read(one.id as RunId, 0);
        expect(problemsOf(events)).toEqual([]);
        const { lines } = await store.logs.read(one.id as RunId, { limit: 1_000 });
        expect(unwritten(events, lines.map((line) => line.text))).toEqual([]);
      }
      for (const [n, id] of runs.entries()) if (kindOf(n).id === 'keeps') expect(await textOf(sound, id)).toBe('ab');

      await annotate(tableOf(met), 'faults');
      const never = [...met].filter(([, kinds]) => Object.keys(kinds).length === 0).map(([method]) => method);
      expect(never, 'methods of the wrapper that met no fault').toEqual([]);
      for (const kind of ['before', 'after', 'late', 'old'] as const) expect(sumOf(met, kind), kind).toBeGreaterThan(EACH_KIND_AT_LEAST);
    } finally {
      for (const worker of workers) await worker.stop().catch(() => undefined);
      await store.close();
      await rm(dir, { recursive: true });
    }
  }, 120_000);
});

describe('the check of a journal and its log', () => {
  it('finds an outcome and a line that are missing, and those that came twice', () => {
    const finished = aStepFinished();
    const whole = [aJobStarted(), aStepStarted(), finished, aJobFinished(), aRunFinished()];
    const numbered = (events: readonly RunEventBody[]): RunEvent[] => events.map((event, index) => ({ ...event, seq: index + 1, at: 0 }));
    expect(problemsOf(numbered(whole))).toEqual([]);
    expect(problemsOf(numbered([...whole, aRunFinished()]))).toEqual(['run']);
    expect(problemsOf(numbered(whole.toSpliced(2, 0, finished)))).toEqual(['main.1.step-1']);
    expect(problemsOf(numbered(whole.filter((event) => event !== finished)))).toEqual(['main.1.step-1']);
    expect([[], [tryOf(finished)], [tryOf(finished), tryOf(finished)]].map((lines) => unwritten(numbered(whole), lines))).toEqual([[tryOf(finished)], [], [tryOf(finished)]]);
  });
});

function kindOf(n: number): (typeof KINDS)[number] {
  const kind = KINDS[n % KINDS.length];
  if (kind === undefined) throw new Error('there are no kinds');
  return kind;
}

/** Does what people and programs around a run do, through the state that fails, until all runs have ended. */
async function endOf(runs: readonly RunId[], sound: EngineDeps, faulty: EngineDeps): Promise<void> {
  const given = new AbortController();
  const followed = runs.slice(-FOLLOWED);
  const followers = followed.map((id) => follow(faulty, id, given.signal));
  const readers = followed.map((id) => followLines(faulty, id, given.signal));
  for (let open = runs, round = 0; open.length > 0; round += 1, await wait(10)) {
    await Promise.allSettled([...(await answers(sound, faulty)), ...looks(faulty, open[round % open.length] ?? runs[0], round)]);
    const left = await sound.catalog.openRuns({ limit: runs.length * 2 });
    open = open.filter((id) => left.includes(id));
  }
  expect(await Promise.all(followers), 'those who follow a run hear of its end').toEqual(followed.map(() => true));
  for (const [index, lines] of (await Promise.all(readers)).entries()) {
    const id = followed[index] ?? followed[0];
    expect(lines, 'those who follow a log get all of it').toBe(id === undefined ? 0 : (await sound.logs.read(id, { limit: 1_000 })).lines.length);
  }
  given.abort();
}

async function answers(sound: EngineDeps, faulty: EngineDeps): Promise<Promise<unknown>[]> {
  const asked = (await listApprovals(sound, { limit: 100 })).items.map(({ runId, step, subject }) =>
    answerApproval(faulty, { runId, step, decision: 'approved', by: 'ada', subject }),
  );
  const waits = await sound.catalog.listWaits({ kind: 'callback', limit: 100 });
  const called = waits.map(({ runId }) => callBack(faulty, { token: sound.callbacks.urlOf(runId), payload: null, by: 'ada' }));
  return [...asked, ...called];
}

/** What only looks: nothing of it may change how a run ends. */
function looks(faulty: EngineDeps, id: RunId | undefined, round: number): Promise<unknown>[] {
  if (id === undefined || round % 5 !== 0) return [];
  return [
    listRuns(faulty, {}),
    listApprovals(faulty, {}),
    explainRun(faulty, id),
    readLogs(faulty, { runId: id }),
    readArtifact(faulty, { runId: id, name: 'text' }),
    faulty.catalog.countOpen(),
    faulty.queue.counts(),
    reconcile(faulty),
  ];
}

/** Whether the last that is told of a run is its end. */
async function follow(faulty: EngineDeps, id: RunId, signal: AbortSignal): Promise<boolean> {
  return await insist(async () => {
    let ended = false;
    for await (const view of followRun(faulty, id, signal)) ended = isTerminalRun(view.status);
    return ended;
  });
}

/** How many lines are told of a run before it ends. */
async function followLines(faulty: EngineDeps, id: RunId, signal: AbortSignal): Promise<number> {
  const seen = new Set<number>();
  await insist(async () => {
    let n = 0;
    for await (const _ of followLogs(faulty, { runId: id }, signal)) seen.add((n += 1));
  });
  return seen.size;
}

async function textOf(deps: EngineDeps, runId: RunId): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await readArtifact(deps, { runId, name: 'text' })).content) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
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

function sumOf(met: ReadonlyMap<string, Partial<Record<Fault, number>>>, kind: Fault): number {
  return [...met.values()].reduce((sum, kinds) => sum + (kinds[kind] ?? 0), 0);
}

function tableOf(met: ReadonlyMap<string, Partial<Record<Fault, number>>>): string {
  return [...met].map(([method, kinds]) => `${method}: ${Object.entries(kinds).map(([kind, times]) => `${kind} ${times}`).join(', ')}`).join('\n');
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

/** Tries that succeeded and whose line is not in the log, or more than once. */
function unwritten(events: readonly RunEvent[], lines: readonly string[]): string[] {
  const writes = new Set(events.flatMap((event) => (event.type === 'step.started' && event.child === undefined ? [tryOf(event)] : [])));
  for (const event of events) if (event.type === 'step.waiting') writes.delete(tryOf(event));
  const tries = events.flatMap((event) => (event.type === 'step.finished' && event.status === 'success' && writes.has(tryOf(event)) ? [tryOf(event)] : []));
  return tries.filter((name) => lines.filter((line) => line === name).length !== 1);
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

const silent = { debug() {}, info() {}, warn() {}, error() {} };

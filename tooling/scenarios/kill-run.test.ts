import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { foldRun } from '@kb-labs/projector';
import { openEmbeddedStore } from '@kb-labs/store-embedded';
import type { RunEvent, RunId, Page, RunSummaryView } from '@kb-labs/contracts';
import { afterAll, describe, expect, it } from 'vitest';

import { sized } from './fault-size.js';
import { disagreements, type Ledgers } from './ledgers.js';
import { isAlive, Project } from './project.fixture.js';

const KILLS = sized(8, 30);
/** Where the machine is busy, many of them come too early or too late to meet anything. */
const MOST_KILLS = 4 * KILLS;
const SEED = 20_261_121;

/** Steps write themselves down outside the engine, take a moment, and hand a value on. */
const workflow = `
id: chain
permissions: { shell: true }
env: { LEDGER: "\${{ inputs.ledger }}" }
inputs: { ledger: { type: string, required: true } }
defaults: { run: { shell: sh } }
jobs:
  one:
    outputs: { last: "\${{ steps.s3.outputs.n }}" }
    steps:
${['s1', 's2', 's3'].map((id) => step(id)).join('')}
  two:
    needs: one
    steps:
${['s1', 's2', 's3'].map((id) => step(id)).join('')}
  side:
    steps:
${['s1', 's2'].map((id) => step(id)).join('')}
`;

function step(id: string): string {
  return `      - { id: ${id}, run: 'echo "$KB_RUN_ID $KB_JOB_ID $KB_STEP_ID" >> "$LEDGER"; sleep 0.03; echo n=${id} >> "$KB_OUTPUT"' }\n`;
}

const project = new Project({ '.kb/workflows/chain.yml': workflow });
afterAll(() => project.remove());
const ledger = join(project.dir, 'ledger.txt');

describe('kill -9 of a run', () => {
  it(
    `at ${KILLS} random points or more loses nothing that was acknowledged and repeats nothing that had ended`,
    async () => {
      const random = seeded(SEED);
      const acknowledged: string[] = [];
      let killedMidway = 0;
      const begun = performance.now();
      expect((await project.kb('workflow:run', '--workflow-id=chain', '-f', `ledger=${ledger}`)).code).toBe(0);
      const wholeMs = performance.now() - begun;
      const hasMet = (): boolean => acknowledged.length > KILLS / 3 && killedMidway > KILLS / 4;
      for (let kill = 0; kill < KILLS || (!hasMet() && kill < MOST_KILLS); kill += 1) {
        const runId = await runAndKill(random() * wholeMs);
        const { items } = await project.json<Page<RunSummaryView>>('workflow:list-runs', '--limit=200');
        const listed = new Set(items.map((run) => run.id));
        if (runId !== undefined) {
          acknowledged.push(runId);
          expect(listed, `run ${runId} was acknowledged`).toContain(runId);
        }
        for (const run of items) {
          if (run.finishedAt !== null) continue;
          killedMidway += 1;
          expect(run.reason?.rule).toBe('no-worker');
          // Both ways of carrying a run on, in turn.
          const verb = kill % 2 === 0 ? 'workflow:resume' : 'workflow:watch';
          const answer = await project.kb(verb, `--run-id=${run.id}`);
          expect(answer.code, answer.stdout + answer.stderr).toBe(0);
        }
      }
      expect(acknowledged.length).toBeGreaterThan(KILLS / 3);
      expect(killedMidway).toBeGreaterThan(KILLS / 4);

      const ledgers = await readLedgers(acknowledged);
      expect(disagreements(ledgers)).toEqual([]);
      for (const [runId, events] of ledgers.journals) expect(foldRun(runId as RunId, events).status).toBe('success');

      // The checker sees what it is there for.
      expect(disagreements({ ...ledgers, acknowledged: [...acknowledged, 'run_lost'] })).toHaveLength(1);
      const [first] = ledgers.effects;
      const often = Array.from({ length: 9 }, () => first ?? '');
      expect(disagreements({ ...ledgers, effects: [...ledgers.effects, ...often] })).toEqual([expect.stringMatching(/^again: /)]);
      expect(disagreements(doubled(ledgers))).toEqual(expect.arrayContaining([expect.stringMatching(/^double: /)]));
    },
    240_000,
  );
});

describe('what a killed run has left behind', () => {
  it('is ended before its step is tried again', async () => {
    const pids = join(project.dir, 'pids');
    const slow = join(project.dir, 'slow');
    project.write('slow', '');
    project.write(
      '.kb/workflows/left.yml',
      `id: left\npermissions: { shell: true }\njobs: { a: { steps: [{ id: s, run: 'echo $$ >> ${pids}; while [ -e ${slow} ]; do sleep 0.02; done' }] } }\n`,
    );
    const child = project.start('workflow:run', '--workflow-id=left');
    const written = (): number[] => (existsSync(pids) ? readFileSync(pids, 'utf8').split('\n').slice(0, -1).map(Number) : []);
    while (written().length < 1) await new Promise(setImmediate);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    const [first = 0] = written();
    expect(isAlive(first), 'the script goes on without its worker').toBe(true);

    const { items } = await project.json<Page<RunSummaryView>>('workflow:list-runs', '--workflow-id=left');
    const resumed = project.start('workflow:resume', `--run-id=${items[0]?.id ?? ''}`);
    while (written().length < 2) await new Promise(setImmediate);
    expect(isAlive(first)).toBe(false);
    rmSync(slow);
    expect(await new Promise((resolve) => resumed.once('close', resolve))).toBe(0);
  }, 60_000);
});

/** The run's id if it was acknowledged before the end came. */
async function runAndKill(afterMs: number): Promise<string | undefined> {
  const child = project.start('workflow:run', '--workflow-id=chain', '-f', `ledger=${ledger}`);
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
  await ended;
  clearTimeout(timer);
  return /run_[0-9A-Z]{26}/.exec(said)?.[0];
}

async function readLedgers(acknowledged: readonly string[]): Promise<Ledgers> {
  const clock = { now: () => Date.now(), after: () => () => undefined };
  const store = await openEmbeddedStore({ dir: join(project.dir, '.kb/state'), clock });
  const journals = new Map<string, RunEvent[]>();
  for (const { id } of await store.catalog.listRuns({ limit: 1_000 })) journals.set(id, await store.log.read(id as RunId, 0));
  await store.close();
  const effects = existsSync(ledger) ? readFileSync(ledger, 'utf8').trim().split('\n') : [];
  return { acknowledged, effects, journals };
}

/** The same, with one outcome written twice. */
function doubled(ledgers: Ledgers): Ledgers {
  const [first] = ledgers.journals;
  if (first === undefined) throw new Error('no run');
  const [runId, events] = first;
  const outcome = events.find((event) => event.type === 'step.finished');
  if (outcome === undefined) throw new Error('no outcome');
  return { ...ledgers, journals: new Map([...ledgers.journals, [runId, [...events, outcome]]]) };
}

/** Numbers in [0, 1) that are the same in every run of the test (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

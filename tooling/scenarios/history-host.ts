/**
 * Lists of runs and pages of one run where few runs are stored and where very many are: `history-host.ts <dir> <few> <many> <rounds>`.
 * Prints one line of JSON.
 *
 * One run is carried out by the engine; the others are copies of its rows, made by SQLite itself without waiting for the disk.
 */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { type RunId, toRunId } from '@kb-labs/contracts';
import { createWorker, type EngineDeps, listRuns, readRun, startRun } from '@kb-labs/engine';

import { manual, openEngine } from './open-engine.js';

const PAGE = 50;
const WARM_UP_ROUNDS = 100;
/** One run in so many has failed, and one in so many is of another workflow. */
const FAILED_EVERY = 10;
const OTHER_EVERY = 7;
const STEP_MS = 1_000;
const ID = `'run_01K' || printf('%023d', n)`;

const [dir = '', few = '1000', many = '1000000', rounds = '500'] = process.argv.slice(2);

const text = `
id: steps
jobs:
  one: { steps: [{ uses: host/do:it }, { uses: host/do:it }, { uses: host/do:it }] }
`;

interface Kept {
  readonly deps: EngineDeps;
  readonly runs: number;
  readonly close: () => Promise<void>;
  readonly bytes: number;
  readonly filledMs: number;
}

const small = await openWith('few', Number(few));
const large = await openWith('many', Number(many));
const reads: Readonly<Record<string, (kept: Kept, n: number) => Promise<unknown>>> = {
  'the newest runs': ({ deps }) => listRuns(deps, { tenant: 'default', limit: PAGE }),
  'those that failed': ({ deps }) => listRuns(deps, { tenant: 'default', limit: PAGE, status: 'failed' }),
  'those of a workflow': ({ deps }) => listRuns(deps, { tenant: 'default', limit: PAGE, workflowId: 'other' }),
  'a page in the middle': ({ deps }, n) => listRuns(deps, { tenant: 'default', limit: PAGE, cursor: idOf(n) }),
  'one run': ({ deps }, n) => readRun(deps, idOf(n)),
};
const measured: { name: string; fewMs: number[]; manyMs: number[] }[] = [];
for (const [name, read] of Object.entries(reads)) {
  const took = { name, fewMs: [] as number[], manyMs: [] as number[] };
  for (let round = -WARM_UP_ROUNDS; round < Number(rounds); round += 1) {
    // Another run each time, anywhere in the history.
    const place = Math.random();
    const fewMs = await timed(() => read(small, placeIn(small, place)));
    const manyMs = await timed(() => read(large, placeIn(large, place)));
    if (round < 0) continue;
    took.fewMs.push(fewMs);
    took.manyMs.push(manyMs);
  }
  measured.push(took);
}
await small.close();
await large.close();
process.stdout.write(`${JSON.stringify({ reads: measured, few: small.runs, many: large.runs, bytes: large.bytes, filledMs: large.filledMs })}\n`);

function placeIn({ runs }: Kept, place: number): number {
  return PAGE + Math.floor(place * (runs - PAGE)) + 1;
}

async function openWith(name: string, runs: number): Promise<Kept> {
  const folder = join(dir, name);
  mkdirSync(folder);
  const run = await carryOutOne(folder);
  const begin = performance.now();
  copyRows(join(folder, 'state.db'), run, runs);
  const filledMs = performance.now() - begin;
  const { deps, store } = await open(folder);
  const { items } = await listRuns(deps, { tenant: 'default', limit: 1 });
  if (items[0]?.id !== idOf(runs)) throw new Error(`the newest run is ${String(items[0]?.id)}`);
  return { deps, runs, close: () => store.close(), bytes: statSync(join(folder, 'state.db')).size, filledMs };
}

async function carryOutOne(folder: string): Promise<RunId> {
  const { deps, store } = await open(folder);
  const worker = createWorker(deps, { concurrency: 1 });
  await worker.start();
  const { run } = await startRun(deps, { workflowId: 'steps', input: {}, trigger: manual });
  await worker.idle();
  await worker.stop();
  await store.close();
  return run.id as RunId;
}

function open(folder: string): ReturnType<typeof openEngine> {
  return openEngine({ dir: folder, workflows: [text], run: () => Promise.resolve({ status: 'success', outputs: {} }) });
}

/** Puts that many copies of a run in its place: rows as the store would have written them, one run a second. */
function copyRows(file: string, model: RunId, runs: number): void {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144');
  const columns = (database.prepare('SELECT name FROM pragma_table_info(?)').all('run') as { name: string }[]).map(({ name }) => name);
  const changed: Readonly<Record<string, string>> = {
    key: 'model.key + n',
    id: ID,
    root: ID,
    workflow_id: `iif(n % ${String(OTHER_EVERY)} = 0, 'other', model.workflow_id)`,
    status: `iif(n % ${String(FAILED_EVERY)} = 0, 'failed', model.status)`,
    ...Object.fromEntries(['created_at', 'started_at', 'finished_at', 'ended_at'].map((column) => [column, `model.${column} + n * ${String(STEP_MS)}`])),
  };
  const copied = columns.map((column) => changed[column] ?? `model.${column}`);
  const numbers = 'WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)';
  database.prepare('CREATE TEMP TABLE model AS SELECT * FROM run WHERE id = ?').run(model);
  database.exec('CREATE TEMP TABLE model_entry AS SELECT entry.* FROM entry JOIN model ON place >> 24 = model.key ORDER BY place');
  database.exec('CREATE TEMP TABLE model_opening AS SELECT opening.* FROM opening JOIN model ON run = model.key');
  database.exec('BEGIN; DELETE FROM opening WHERE run IN (SELECT key FROM model); DELETE FROM entry WHERE place IN (SELECT place FROM model_entry); DELETE FROM run WHERE key IN (SELECT key FROM model)');
  database.prepare(`${numbers} INSERT INTO run (${columns.join(', ')}) SELECT ${copied.join(', ')} FROM number CROSS JOIN model`).run(runs);
  database.prepare(`${numbers} INSERT INTO opening (run, last, at, events) SELECT run + n, last, at + n * ${String(STEP_MS)}, events FROM number CROSS JOIN model_opening`).run(runs);
  database
    .prepare(`${numbers} INSERT INTO entry (place, at, events) SELECT place + (n << 24), at + n * ${String(STEP_MS)}, events FROM number CROSS JOIN model_entry`)
    .run(runs);
  database.exec('COMMIT; PRAGMA journal_mode = WAL');
  database.close();
}

/** Of the copy with this number: `ID`, here. */
function idOf(n: number): RunId {
  return toRunId(`01K${String(n).padStart(23, '0')}`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

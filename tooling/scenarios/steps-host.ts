/**
 * Runs of three steps that do nothing, and three commits of as many bytes to a file of the same kind: `steps-host.ts <dir> <rounds>`.
 * Both in this process, in turns. Prints one line of JSON: what each took, and how many runs end per second when many are on their way at once.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { carryOut, NOTHING, openMeasuredEngine } from './open-measured-engine.js';

const STEPS = 3;
const AT_ONCE = 50;
const WARM_UP_RUNS = 1_000;
const RUNS_PER_ROUND = 25;
const RUNS_AT_ONCE_PER_ROUND = 1_000;

const [dir = '', rounds = '30'] = process.argv.slice(2);

const text = `
id: steps
jobs:
  one: { steps: [${Array.from({ length: STEPS }, () => `{ uses: "${NOTHING}" }`).join(', ')}] }
`;

const { deps, store, close } = await openMeasuredEngine({ dir, workflows: [text], concurrency: AT_ONCE });
const runId = await carryOut(deps, 'steps');
const bytes = (await store.log.read(runId, 0)).reduce((sum, { seq: _seq, at: _at, ...body }) => sum + Buffer.byteLength(JSON.stringify(body)), 0);
const commit = openReference(join(dir, 'reference'), Math.ceil(bytes / STEPS));

for (let run = 0; run < WARM_UP_RUNS; run += 1) await carryOut(deps, 'steps');
const measured: { referenceMs: number; productMs: number; runsPerSecond: number }[] = [];
for (let round = 0; round < Number(rounds); round += 1) {
  const referenceMs = timed(() => {
    for (let n = 0; n < RUNS_PER_ROUND * STEPS; n += 1) commit();
  });
  const begin = performance.now();
  for (let run = 0; run < RUNS_PER_ROUND; run += 1) await carryOut(deps, 'steps');
  const productMs = performance.now() - begin;
  measured.push({ referenceMs: referenceMs / RUNS_PER_ROUND, productMs: productMs / RUNS_PER_ROUND, runsPerSecond: await rateAtOnce() });
}
await close();
process.stdout.write(`${JSON.stringify({ rounds: measured, bytes, steps: STEPS, atOnce: AT_ONCE })}\n`);

async function rateAtOnce(): Promise<number> {
  const begin = performance.now();
  let left = RUNS_AT_ONCE_PER_ROUND;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left > 0) {
        left -= 1;
        await carryOut(deps, 'steps');
      }
    }),
  );
  return (RUNS_AT_ONCE_PER_ROUND / (performance.now() - begin)) * 1_000;
}

/** A file with the settings of the embedded store; answers what adds one row to it and returns once that is on the disk. */
function openReference(folder: string, size: number): () => void {
  mkdirSync(folder);
  const database = new DatabaseSync(join(folder, 'state.db'));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 16777216');
  database.exec('CREATE TABLE event (run INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (run, seq)) WITHOUT ROWID');
  const insert = database.prepare('INSERT INTO event (run, seq, at, body) VALUES (?, ?, ?, ?)');
  const body = 'x'.repeat(size);
  let n = 0;
  return () => {
    n += 1;
    database.exec('BEGIN IMMEDIATE');
    insert.run(Math.floor(n / STEPS), n % STEPS, Date.now(), body);
    database.exec('COMMIT');
  };
}

function timed(work: () => void): number {
  const begin = performance.now();
  work();
  return performance.now() - begin;
}

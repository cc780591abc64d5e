import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';

import type { RunId } from '@kb-labs/contracts';
import { expect, it } from 'vitest';

import { openEmbeddedStore } from './index.js';
import { runChild } from './run-child.fixture.js';
import { systemClock } from './system-clock.fixture.js';
import { temporaryDir } from './temporary-dir.fixture.js';

const KILLS = process.env['KB_FAULTS'] === 'full' ? 10 : 4;

interface Acknowledged {
  readonly runId: RunId;
  readonly seq: number;
}

it('keeps everything it acknowledged, and nothing by halves, through kill -9 at any moment', async () => {
  const dir = temporaryDir();
  const acknowledged: Acknowledged[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    acknowledged.push(...(await writeUntilKilled(dir, 'acknowledge-after')));
    expect(await problemsOf(dir, acknowledged)).toEqual([]);
  }
  expect(acknowledged.length).toBeGreaterThan(KILLS);
}, 60_000);

it('is seen to lose something when acknowledging comes before the commit', async () => {
  const dir = temporaryDir();
  const problems: string[] = [];
  // On a busy machine the commit is mostly made by the time the signal comes.
  for (let kill = 0; kill < 10 * KILLS && problems.length === 0; kill += 1) {
    problems.push(...(await problemsOf(dir, await writeUntilKilled(dir, 'acknowledge-first'))));
  }
  expect(problems[0]).toMatch(/acknowledged/);
}, 60_000);

/** The moment is random, but counted in what the child has done and not in time. */
async function writeUntilKilled(dir: string, order: string): Promise<Acknowledged[]> {
  const child = runChild('write', dir, order);
  for (let left = Math.ceil(Math.random() * 120); left > 0; left -= 1) await child.next();
  child.process.kill('SIGKILL');
  return (await child.ended()) as Acknowledged[];
}

async function problemsOf(dir: string, acknowledged: readonly Acknowledged[]): Promise<string[]> {
  const problems: string[] = [];
  const store = await openEmbeddedStore({ dir, clock: systemClock });
  const heads = new Map<RunId, number>();
  for (const summary of await store.catalog.listRuns({ limit: 10_000 })) {
    const runId = summary.id as RunId;
    const head = (await store.log.read(runId, 0)).length;
    heads.set(runId, head);
    if (head % 3 !== 1) problems.push(`${runId}: a part of an append, up to ${String(head)}`);
    if ((summary.startedAt ?? 1) !== head) problems.push(`${runId}: the summary knows ${String(summary.startedAt)} of ${String(head)}`);
    const tickets = await store.queue.ticketsOf(runId);
    if (tickets.length !== (head - 1) / 3) problems.push(`${runId}: ${String(tickets.length)} tickets for ${String(head)} events`);
  }
  for (const { runId, seq } of acknowledged) {
    if ((heads.get(runId) ?? 0) < seq) problems.push(`${runId}: acknowledged ${String(seq)}, has ${String(heads.get(runId) ?? 0)}`);
  }
  await store.close();
  const database = new DatabaseSync(join(dir, 'state.db'), { readOnly: true });
  const checked = database.prepare('PRAGMA integrity_check').get();
  database.close();
  if (checked?.['integrity_check'] !== 'ok') problems.push(`integrity: ${JSON.stringify(checked)}`);
  return problems;
}

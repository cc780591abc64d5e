import { aCreate, anEndedSummary, aRunFinished, aRunStarted, aStepFinished, aStepStarted, aSummary, countingIds, fakeClock } from '@kb-labs/testkit';
import { expect, it } from 'vitest';

import { openEmbeddedStore } from './index.js';
import { temporaryDir } from './temporary-dir.fixture.js';
import { pagesOfCommits } from './wal-commits.fixture.js';

it('writes what an append changes, and no index of anything else', async () => {
  const [dir, runId] = [temporaryDir(), countingIds().runId()];
  const { log, close } = await openEmbeddedStore({ dir, clock: fakeClock() });
  await log.create(aCreate(runId));
  const before = pagesOfCommits(dir).length;
  await log.append({ runId, at: 1, expected: 1, events: [aStepStarted()], summary: aSummary(runId, { status: 'running', startedAt: 1 }) });
  await log.append({ runId, at: 2, events: [aStepFinished()] });
  await log.append({ runId, at: 3, expected: 2, events: [aRunFinished()], summary: anEndedSummary(runId) });
  // Event and row; with a status, the two indexes that have it; at the end those of open and of ended runs, and what is counted: open runs, and bytes of the tenant.
  expect(pagesOfCommits(dir).slice(before)).toEqual([4, 2, 8]);
  await close();
});

it('writes an event that is longer than most next to the others, not to a page of its own', async () => {
  const [dir, runId] = [temporaryDir(), countingIds().runId()];
  const { log, close } = await openEmbeddedStore({ dir, clock: fakeClock() });
  await log.create(aCreate(runId));
  const before = pagesOfCommits(dir).length;
  await log.append({ runId, at: 1, events: [aStepFinished({ outputs: { text: 'x'.repeat(2_000) } }), aStepFinished()] });
  expect(pagesOfCommits(dir).slice(before)).toEqual([2]);
  await close();
});

it('never writes again what runs were created with', async () => {
  const [dir, ids] = [temporaryDir(), countingIds()];
  const { log, close } = await openEmbeddedStore({ dir, clock: fakeClock() });
  const runs = Array.from({ length: 5 }, () => ids.runId());
  for (const runId of runs) await log.create(aCreate(runId, { events: [aRunStarted(), aStepFinished({ outputs: { text: 'x'.repeat(3_000) } })] }));
  const before = pagesOfCommits(dir).length;
  await Promise.all(runs.map((runId) => log.append({ runId, at: 1, events: [aStepStarted()] })));
  // Their rows, and what was appended: one page each.
  expect(pagesOfCommits(dir).slice(before)).toEqual([2]);
  await close();
});

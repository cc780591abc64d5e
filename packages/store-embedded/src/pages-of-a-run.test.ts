import { toTicketId } from '@kb-labs/contracts';
import type { Lease } from '@kb-labs/ports';
import { aCreate, aJobStarted, anEndedSummary, aRunFinished, aStepFinished, aStepStarted, aSummary, aTicket, countingIds, fakeClock } from '@kb-labs/testkit';
import { expect, it } from 'vitest';

import { openEmbeddedStore } from './index.js';
import { temporaryDir } from './temporary-dir.fixture.js';
import { pagesOfCommits } from './wal-commits.fixture.js';

it('writes few pages for a run that a worker of the process carries out', async () => {
  const [dir, ids] = [temporaryDir(), countingIds()];
  const { log, queue, close } = await openEmbeddedStore({ dir, clock: fakeClock() });
  const [runId, worker] = [ids.runId(), ids.workerId()];
  await queue.join({ id: worker });
  queue.standBy?.(worker, () => ({ limit: 1, leaseMs: 1_000 }), () => undefined);
  const leases: Lease[] = [];
  const ticket = toTicketId(aTicket(runId));
  const before = pagesOfCommits(dir).length;
  await log.create(aCreate(runId, { enqueue: [aTicket(runId)] }), {
    ticket,
    worker,
    append: { runId, at: 0, expected: 1, events: [aJobStarted({ worker, token: 0 }), aStepStarted()], summary: aSummary(runId, { status: 'running', startedAt: 1 }) },
    begun: (lease) => leases.push(lease),
  });
  const [lease] = leases as [Lease];
  const fence = { ticket, token: lease.token };
  await log.append({ runId, at: 2, fence, events: [aStepFinished(), aStepStarted()] });
  await log.append({ runId, at: 3, expected: 3, fence, events: [aStepFinished(), aRunFinished()], summary: anEndedSummary(runId), settle: [ticket] });
  // Its row with five indexes, opening, counters, and the ticket with the index of held ones; row and entry;
  // row with four indexes, entry, counters and what is kept of the tenant, and the ticket with the index of held ones.
  expect(pagesOfCommits(dir).slice(before)).toEqual([10, 2, 10]);
  await close();
});

import { randomInt } from 'node:crypto';

import type { RunId } from '@kb-labs/contracts';
import type { Lease } from '@kb-labs/ports';
import { aCreate, anEndedSummary, aRunFinished, aStepFinished, aSummary, aTicket, countingIds } from '@kb-labs/testkit';
import { expect, it } from 'vitest';

import { eventually, join, type Opened, openedServer } from './opened.fixture.js';

const server = openedServer();
const ids = countingIds();
const RUNS = 40;
const JOBS = 4;
const CAPS = { total: 12, perTenant: 5 };

it('brings every job to one worker at a time and loses none, however roughly workers of several processes treat them', async () => {
  const opened = await Promise.all(Array.from({ length: 3 }, () => server.open()));
  const runs = Array.from({ length: RUNS }, () => ids.runId());
  await Promise.all(runs.map((runId, index) => at(opened, index).store.log.create(beginning(runId, index))));
  const open = new Set(runs);
  const tokens = new Set<number>();
  await Promise.all(Array.from({ length: 9 }, (_, index) => workOff(at(opened, index), open, tokens)));

  const { store, queue } = at(opened, 0);
  for (const runId of runs) {
    const events = await store.log.read(runId, 1);
    expect(events.flatMap((event) => (event.type === 'step.finished' ? [event.job] : []))).toEqual(Array.from({ length: JOBS }, (_, job) => `job-${String(job)}`));
  }
  expect(await queue.counts()).toEqual({ held: 0, due: 0, later: 0 });
  expect(await server.redis.keys(`{${server.prefix}}:offered*`)).toEqual([]);
  // What is stale by now is dropped by whoever is brought it next.
  const last = await join(queue);
  await eventually(async () => {
    expect(await queue.take(last, { limit: 9, leaseMs: 1_000 })).toEqual([]);
    return (await server.jobKeys()).length === 0;
  });
  for (const { logger } of opened) expect(logger.entries.filter(({ level }) => level === 'error')).toEqual([]);
}, 60_000);

/** A run of a few tenants, in one of a few groups, with its first ticket. */
function beginning(runId: RunId, index: number): ReturnType<typeof aCreate> {
  return aCreate(runId, {
    summary: aSummary(runId, { tenant: `tenant-${String(index % 3)}` }),
    claim: index % 2 === 0 ? [{ group: `group-${String(index % 8)}`, job: null }] : [],
    enqueue: [aTicket(runId, { job: 'job-0' })],
  });
}

async function workOff({ store, queue }: Opened, open: Set<RunId>, tokens: Set<number>): Promise<void> {
  // Every third one serves some runs only, and takes past BullMQ.
  const worker = randomInt(3) === 0 ? await join(queue, ...open) : await join(queue);
  while (open.size > 0) {
    const leases = await queue.take(worker, { limit: 3, leaseMs: pick([1, 5, 200]), caps: CAPS });
    for (const { token } of leases) {
      expect(tokens).not.toContain(token);
      tokens.add(token);
    }
    for (const lease of leases) await treat(store, lease, open);
    if (randomInt(20) === 0) {
      await queue.leave(worker);
      await queue.join({ id: worker });
    }
  }
  await queue.leave(worker);
}

/** Mostly does the job; sometimes gives it back, holds it longer, or lets it lie. */
async function treat(store: Opened['store'], lease: Lease, open: Set<RunId>): Promise<void> {
  switch (randomInt(10)) {
    case 0:
      return await store.queue.release([lease]);
    case 1:
      return void (await store.queue.renew([lease], 3));
    case 2:
      return;
    default: {
      const { runId, job } = lease;
      const number = Number(job.slice('job-'.length)) + 1;
      const ends = number === JOBS;
      const result = await store.log.append({
        runId,
        at: 1,
        fence: { ticket: lease.id, token: lease.token },
        events: ends ? [aStepFinished({ job }), aRunFinished()] : [aStepFinished({ job })],
        settle: [lease.id],
        enqueue: ends ? [] : [aTicket(runId, { job: `job-${String(number)}`, ...(randomInt(2) === 0 ? { priority: 'high' as const } : {}) })],
        ...(ends ? { summary: { ...anEndedSummary(runId) } } : {}),
      });
      if (ends && result.ok) open.delete(runId);
    }
  }
}

function pick(numbers: readonly number[]): number {
  return at(numbers, randomInt(numbers.length));
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

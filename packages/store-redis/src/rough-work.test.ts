import { randomInt } from 'node:crypto';

import type { RunId, WorkerId } from '@kb-labs/contracts';
import type { Lease } from '@kb-labs/ports';
import { aCreate, anEndedSummary, aRunFinished, aStepFinished, aSummary, aTicket, countingIds } from '@kb-labs/testkit';
import { expect, it } from 'vitest';

import type { RedisStore } from './index.js';
import { sharedServer } from './shared-server.fixture.js';

const server = sharedServer();
const ids = countingIds();
const RUNS = 60;
const JOBS = 4;

it('does every job once and leaves nothing behind, however roughly workers of several processes treat their leases', async () => {
  const stores = await Promise.all(Array.from({ length: 3 }, () => server.open({ sweepMs: 50 })));
  const runs = Array.from({ length: RUNS }, () => ids.runId());
  await Promise.all(runs.map((runId, index) => at(stores, index).log.create(beginning(runId, index))));
  const open = new Set(runs);
  await Promise.all(Array.from({ length: 9 }, (_, index) => workOff(at(stores, index), open)));

  for (const runId of runs) {
    const events = await at(stores, 0).log.read(runId, 1);
    expect(events.flatMap((event) => (event.type === 'step.finished' ? [event.job] : []))).toEqual(Array.from({ length: JOBS }, (_, job) => `job-${String(job)}`));
    expect(await at(stores, 1).queue.ticketsOf(runId)).toEqual([]);
    expect(await at(stores, 2).claims.of(runId)).toEqual([]);
  }
  expect(await at(stores, 0).queue.counts()).toEqual({ held: 0, due: 0, later: 0 });
  expect(await at(stores, 0).catalog.countOpen()).toEqual({});
  const tenants = ['tenant-0', 'tenant-1', 'tenant-2'];
  for (const tenant of tenants) expect((await at(stores, 0).retention.endedRuns({ tenant, limit: RUNS })).length).toBe(RUNS / tenants.length);
  await Promise.all(runs.map((runId, index) => at(stores, index).retention.remove(runId, 'run')));
  for (const tenant of tenants) expect(await at(stores, 1).retention.usage(tenant)).toEqual({ journal: 0, log: 0, artifacts: 0 });
  for (const store of stores) await store.close();
  expect(await leftovers()).toEqual(['counter', 'holding', ...tenants.map((tenant) => `kept:${tenant}`), 'meta', 'removed']);
  expect(await server.redis.keys(`${server.prefix}:*`)).toEqual([]);
  expect(await server.redis.hmget(`{${server.prefix}}:counter`, 'tickets', 'held', 'orphaned')).toEqual(['0', '0', '0']);
  expect(await server.redis.hgetall(`{${server.prefix}}:holding`)).toEqual({ total: '0' });
}, 30_000);

/** A run of a few tenants, in one of a few groups, with its first ticket. */
function beginning(runId: RunId, index: number): ReturnType<typeof aCreate> {
  const tenant = `tenant-${String(index % 3)}`;
  return aCreate(runId, {
    summary: aSummary(runId, { tenant }),
    claim: index % 2 === 0 ? [{ group: `group-${String(index % 8)}`, job: null }] : [],
    enqueue: [aTicket(runId, { job: 'job-0' })],
  });
}

async function workOff(store: RedisStore, open: Set<RunId>): Promise<void> {
  const worker = ids.workerId();
  await store.queue.join({ id: worker });
  while (open.size > 0) {
    const leases = await store.queue.take(worker, { limit: 3, leaseMs: pick([1, 5, 2_000]), caps: { total: 12, perTenant: 5 } });
    for (const lease of leases) await treat(store, lease, open);
    if (randomInt(20) === 0) await rejoin(store, worker);
  }
  await store.queue.leave(worker);
}

/** Mostly does the job; sometimes gives it back, holds it longer, or lets it lie. */
async function treat(store: RedisStore, lease: Lease, open: Set<RunId>): Promise<void> {
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

async function rejoin(store: RedisStore, worker: WorkerId): Promise<void> {
  await store.queue.leave(worker);
  await store.queue.join({ id: worker });
}

async function leftovers(): Promise<string[]> {
  const start = `{${server.prefix}}:`;
  const keys = (await server.redis.keys(`${start}*`)).map((key) => key.slice(start.length));
  return keys.filter((key) => key !== 'sweeper').sort();
}

function pick(numbers: readonly number[]): number {
  return at(numbers, randomInt(numbers.length));
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

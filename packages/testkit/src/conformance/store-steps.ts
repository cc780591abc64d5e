import assert from 'node:assert/strict';

import type { RunId, RunSummary, WorkerId } from '@kb-labs/contracts';
import type { Append, Create, Fence, Lease, NewTicket } from '@kb-labs/ports';

import { countingIds } from '../counting-ids.js';
import { aCreate, anEndedSummary, aSummary, aTicket } from '../some-commands.js';
import { aRunFinished } from '../some-events.js';
import { present } from './expectations.js';
import type { StorePorts } from './suite.js';

export const LEASE_MS = 10_000;
const ids = countingIds();

/** Opens a run with its own fresh id, and the tickets given. */
export async function openRun(store: StorePorts, loose: Partial<Omit<Create, 'runId'>> = {}): Promise<RunId> {
  const runId = ids.runId();
  assert.deepEqual(await store.log.create(aCreate(runId, loose)), { ok: true, runId, repeated: false });
  return runId;
}

/** Opens a run of a tree or a tenant. */
export async function openRunIn(store: StorePorts, of: Partial<Pick<RunSummary, 'root' | 'tenant' | 'parent'>>): Promise<RunId> {
  const runId = ids.runId();
  assert.equal((await store.log.create(aCreate(runId, { summary: aSummary(runId, of) }))).ok, true);
  return runId;
}

/** Ends a run, with whatever else its last append says. */
export async function endRun(store: StorePorts, runId: RunId, last: Partial<Append> = {}): Promise<void> {
  assert.equal((await store.log.append({ at: 1, events: [aRunFinished()], summary: anEndedSummary(runId), ...last, runId })).ok, true);
}

/** Opens a run with one ticket for each job named, due at once. */
export async function openRunWith(store: StorePorts, ...jobs: string[]): Promise<RunId> {
  const runId = await openRun(store);
  await store.queue.ensure(jobs.map((job) => aTicket(runId, { job })));
  return runId;
}

export async function joinWorker(store: StorePorts, ...scope: RunId[]): Promise<WorkerId> {
  const id = ids.workerId();
  await store.queue.join(scope.length === 0 ? { id } : { id, scope });
  return id;
}

export function take(store: StorePorts, worker: WorkerId, limit = 100): Promise<Lease[]> {
  return store.queue.take(worker, { limit, leaseMs: LEASE_MS });
}

export async function takeOne(store: StorePorts, worker: WorkerId): Promise<Lease> {
  return present((await take(store, worker, 1))[0]);
}

/** A run with a job that a worker holds. */
export async function holdJob(store: StorePorts, job = 'main'): Promise<{ runId: RunId; worker: WorkerId; lease: Lease; fence: Fence }> {
  const runId = await openRunWith(store, job);
  const worker = await joinWorker(store, runId);
  const lease = await takeOne(store, worker);
  return { runId, worker, lease, fence: fenceOf(lease) };
}

export function fenceOf(lease: Lease): Fence {
  return { ticket: lease.id, token: lease.token };
}

export function freshRunId(): RunId {
  return ids.runId();
}

export function freshWorkerId(): WorkerId {
  return ids.workerId();
}

export function jobsOf(items: readonly Pick<NewTicket, 'job'>[]): string[] {
  return items.map((item) => item.job);
}

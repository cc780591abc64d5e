import assert from 'node:assert/strict';

import { AFTER_END, type RunId, TIME_LIMIT, toTicketId } from '@kb-labs/contracts';
import type { Append, NewClaim, OpenClaim } from '@kb-labs/ports';

import { aCreate, anEndedSummary, aTicket } from '../some-commands.js';
import { eventually } from './expectations.js';
import { endRun, fenceOf, freshRunId, jobsOf, joinWorker, openRun, openRunWith, take, takeOne } from './store-steps.js';
import type { ConformanceCase, StorePorts, StoreUnderTest } from './suite.js';

/** Concurrency groups: who waits for whom, and what that does to tickets. */
export const CLAIMS_CASES: readonly ConformanceCase<StoreUnderTest>[] = [
  {
    name: 'parks the tickets of all but the first of a group, and hands them out in turn as claims are given up',
    async run(store) {
      const runId = await openRun(store);
      const worker = await joinWorker(store, runId);
      await change(store, runId, { claim: [job('a'), job('b'), job('c'), job('d', 'another')] });
      await store.queue.ensure(['c', 'b', 'a', 'd', 'free'].map((name) => aTicket(runId, { job: name })));
      assert.deepEqual(jobsOf(await take(store, worker)), ['a', 'd', 'free']);
      for (const [given, next] of [['a', 'b'], ['b', 'c']] as const) {
        await change(store, runId, { unclaim: [given] });
        assert.deepEqual(jobsOf(await take(store, worker)), [next]);
      }
    },
  },
  {
    name: 'parks the tickets that an append queues together with its claims',
    async run(store) {
      const [first, second] = [await openRun(store), await openRun(store)];
      for (const runId of [first, second]) await change(store, runId, { claim: [job('a')], enqueue: [aTicket(runId, { job: 'a' })] });
      assert.deepEqual(await take(store, await joinWorker(store, second)), []);
      await endRun(store, first);
      assert.deepEqual(jobsOf(await take(store, await joinWorker(store, second))), ['a']);
    },
  },
  {
    name: 'opens a run with its claim, and lets the next go on when the run before has ended, wherever it stood',
    async run(store) {
      const runs: RunId[] = [];
      for (let n = 0; n < 4; n += 1) runs.push(await openRun(store, { claim: [whole()] }));
      const [a, b, c, d] = runs;
      assert.ok(a !== undefined && b !== undefined && c !== undefined && d !== undefined);
      await store.queue.ensure(runs.map((runId) => aTicket(runId)));
      const worker = await joinWorker(store, ...runs);
      const taken = async (): Promise<RunId[]> => (await take(store, worker)).map((lease) => lease.runId);
      assert.deepEqual(await taken(), [a]);
      await endRun(store, b);
      assert.deepEqual(await taken(), []);
      await endRun(store, a);
      assert.deepEqual(await taken(), [c]);
      await endRun(store, c);
      assert.deepEqual(await taken(), [d]);
    },
  },
  {
    name: 'keeps the place of whoever asks again, and puts at the end who changes to another group',
    async run(store) {
      const runId = await openRun(store);
      await change(store, runId, { claim: [job('a'), job('b'), job('c', 'h')] });
      await store.queue.ensure(['a', 'b', 'c'].map((name) => aTicket(runId, { job: name })));
      await change(store, runId, { claim: [job('a')] });
      assert.deepEqual(await groupsOf(store, runId), { a: ['g'], b: ['g', 'a'], c: ['h'] });
      await change(store, runId, { claim: [job('a', 'h')] });
      assert.deepEqual(await groupsOf(store, runId), { a: ['h', 'c'], b: ['g'], c: ['h'] });
      assert.deepEqual(jobsOf(await take(store, await joinWorker(store, runId))), ['b', 'c']);
    },
  },
  {
    name: 'ends claims before it takes new ones: who does both in one append goes to the end',
    async run(store) {
      const runId = await openRun(store);
      await change(store, runId, { claim: [job('a'), job('b')] });
      await change(store, runId, { unclaim: ['a'], claim: [job('a')] });
      assert.deepEqual(await groupsOf(store, runId), { a: ['g', 'b'], b: ['g'] });
    },
  },
  {
    name: 'holds a ticket back as long as one of two claims does, that of its job or that of its run',
    async run(store) {
      const [byRun, byJob] = [await openRun(store, { claim: [whole('r')] }), await openRun(store)];
      const runId = await openRun(store, { claim: [whole('r')] });
      await change(store, byJob, { claim: [job('x', 'j')] });
      await change(store, runId, { claim: [job('a', 'j')], enqueue: [aTicket(runId, { job: 'a' }), aTicket(runId, { job: 'b' })] });
      const worker = await joinWorker(store, runId);
      assert.deepEqual(jobsOf(await take(store, worker)), []);
      await endRun(store, byRun);
      assert.deepEqual(jobsOf(await take(store, worker)), ['b']);
      await change(store, byJob, { unclaim: ['x'] });
      assert.deepEqual(jobsOf(await take(store, worker)), ['a']);
    },
  },
  {
    name: 'frees the tickets of a job that gives up a claim it was still waiting for',
    async run(store) {
      const runId = await openRun(store);
      await change(store, runId, { claim: [job('a'), job('b')], enqueue: [aTicket(runId, { job: 'b' })] });
      await change(store, runId, { unclaim: ['b'] });
      assert.deepEqual(jobsOf(await take(store, await joinWorker(store, runId))), ['b']);
      assert.deepEqual(await groupsOf(store, runId), { a: ['g'] });
    },
  },
  {
    name: 'keeps back what was queued before its claim, also what a worker holds and gives back',
    async run(store) {
      const runId = await openRunWith(store, 'held', 'queued');
      const worker = await joinWorker(store, runId);
      const lease = await takeOne(store, worker);
      await change(store, runId, { claim: [job('first'), job('held'), job('queued', 'h')] });
      await change(store, runId, { claim: [job('queued')] });
      assert.equal((await store.queue.renew([lease], 1)).length, 1);
      assert.equal((await store.log.append({ runId, at: 1, fence: fenceOf(lease), events: [] })).ok, true);
      await store.queue.release([lease]);
      assert.deepEqual(await take(store, worker), []);
      await change(store, runId, { unclaim: ['first'] });
      assert.deepEqual(jobsOf(await take(store, worker)), ['held']);
    },
  },
  {
    name: 'never keeps back the end of the time of a run',
    async run(store) {
      await openRun(store, { claim: [whole()] });
      const runId = await openRun(store, { claim: [whole()], enqueue: [] });
      await store.queue.ensure([aTicket(runId, { job: TIME_LIMIT }), aTicket(runId)]);
      assert.deepEqual(jobsOf(await take(store, await joinWorker(store, runId))), [TIME_LIMIT]);
    },
  },
  {
    name: 'shows which tickets are parked, and does not name them as due',
    async run(store) {
      const runId = await openRun(store);
      const worker = await joinWorker(store, runId);
      await change(store, runId, { claim: [job('a'), job('b')] });
      const parked = aTicket(runId, { job: 'b' });
      await store.queue.ensure([parked]);
      assert.equal(await store.queue.nextDue(worker), undefined);
      assert.deepEqual(await store.queue.ticketsOf(runId), [{ ...parked, id: toTicketId(parked), parked: true }]);
      await change(store, runId, { unclaim: ['a'] });
      assert.equal(await store.queue.nextDue(worker), parked.notBefore);
      assert.deepEqual(await store.queue.ticketsOf(runId), [{ ...parked, id: toTicketId(parked) }]);
    },
  },
  {
    name: 'says who stands ahead, the holder first, a hundred at most, and how many they are',
    async run(store) {
      const holder = await openRun(store, { claim: [whole()] });
      const runId = await openRun(store);
      const names = Array.from({ length: 110 }, (_, index) => `job-${String(index)}`);
      await change(store, runId, { claim: names.map((name) => job(name)) });
      assert.deepEqual(await store.claims.of(holder), [{ group: 'g', job: null, runId: holder, ahead: [], aheadCount: 0 }]);
      const last = (await store.claims.of(runId)).find((each) => each.job === 'job-109');
      const ahead = [{ runId: holder, job: null }, ...names.slice(0, 99).map((name) => ({ runId, job: name }))];
      assert.deepEqual(last, { group: 'g', job: 'job-109', runId, ahead, aheadCount: 110 });
      assert.deepEqual(await store.claims.of(freshRunId()), []);
    },
  },
  {
    name: 'leaves no claim of a run that has ended, not of the append that ends it either',
    async run(store) {
      const holder = await openRun(store, { claim: [whole('h')] });
      const runId = await openRun(store, { claim: [whole()] });
      await change(store, runId, { claim: [job('a')] });
      await endRun(store, runId, { claim: [job('b'), whole('h')], enqueue: [aTicket(runId, { job: AFTER_END })] });
      assert.deepEqual(await store.claims.of(runId), []);
      assert.deepEqual(jobsOf(await take(store, await joinWorker(store, runId))), [AFTER_END]);
      assert.equal((await store.claims.of(holder)).length, 1);
      const born = freshRunId();
      await store.log.create(aCreate(born, { claim: [whole()], summary: anEndedSummary(born) }));
      const next = await openRun(store, { claim: [whole()] });
      assert.deepEqual((await store.claims.of(next))[0]?.ahead, []);
    },
  },
  {
    name: 'tells watchers that tickets may be taken because a claim has ended, by either process',
    async run(store) {
      const other = await store.second();
      const [first, second, third] = [
        await openRun(store, { claim: [whole()] }),
        await openRun(store, { claim: [whole()] }),
        await openRun(store),
      ];
      await store.queue.ensure([aTicket(second)]);
      await change(store, third, { claim: [job('a', 'h'), job('b', 'h')] });
      await store.queue.ensure([aTicket(third, { job: 'b' })]);
      let calls = 0;
      const end = store.queue.onReady(() => (calls += 1));
      for (const act of [() => endRun(other, first), () => change(store, third, { unclaim: ['a'] })]) {
        await store.clock.advance(1_000);
        const before = calls;
        await act();
        await eventually(store, () => calls > before, 'the watcher is told');
      }
      end();
    },
  },
];

function job(name: string, group = 'g'): NewClaim {
  return { group, job: name };
}

function whole(group = 'g'): NewClaim {
  return { group, job: null };
}

async function change(store: StorePorts, runId: RunId, what: Pick<Append, 'claim' | 'unclaim' | 'enqueue'>): Promise<void> {
  assert.equal((await store.log.append({ runId, at: 1, events: [], ...what })).ok, true);
}

/** For each job of a run its group, and the jobs that stand before it. */
async function groupsOf(store: StorePorts, runId: RunId): Promise<Record<string, (string | null)[]>> {
  const entries = (await store.claims.of(runId)).map((claim: OpenClaim) => [claim.job ?? '', [claim.group, ...claim.ahead.map((each) => each.job)]]);
  return Object.fromEntries(entries) as Record<string, (string | null)[]>;
}

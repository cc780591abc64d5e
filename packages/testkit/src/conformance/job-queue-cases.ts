import assert from 'node:assert/strict';

import { toTicketId } from '@kb-labs/contracts';

import { aCreate, anEndedSummary, aTicket } from '../some-commands.js';
import { aRunFinished } from '../some-events.js';
import { eventually } from './expectations.js';
import { freshRunId, holdJob, jobsOf, joinWorker, LEASE_MS, openRun, openRunIn, openRunWith, take, takeOne } from './store-steps.js';
import type { ConformanceCase, StoreUnderTest } from './suite.js';

/** What every `JobQueue` does on handing tickets out. */
export const HAND_OUT_CASES: readonly ConformanceCase<StoreUnderTest>[] = [
  {
    name: 'hands a ticket out once, with the place it stands for and a lease',
    async run(store) {
      const runId = await openRun(store);
      const ticket = aTicket(runId, { job: 'build', attempt: 2, turn: 3 });
      await store.queue.ensure([ticket]);
      const worker = await joinWorker(store);
      const leases = await take(store, worker);
      const { token } = leases[0] ?? { token: Number.NaN };
      assert.ok(Number.isSafeInteger(token));
      const until = store.clock.now() + LEASE_MS;
      assert.deepEqual(leases, [{ id: toTicketId(ticket), runId, job: 'build', attempt: 2, turn: 3, worker, token, until }]);
      assert.deepEqual(await take(store, worker), []);
    },
  },
  {
    name: 'hands tickets out in the order they fell due and then were queued, up to the limit',
    async run(store) {
      const runId = await openRun(store);
      const now = store.clock.now();
      const tickets = [['late', now], ['second', 5], ['third', 5], ['first', 1]] as const;
      await store.queue.ensure(tickets.map(([job, notBefore]) => aTicket(runId, { job, notBefore })));
      const worker = await joinWorker(store);
      assert.deepEqual(jobsOf(await take(store, worker, 2)), ['first', 'second']);
      assert.deepEqual(jobsOf(await take(store, worker, 0)), []);
      assert.deepEqual(jobsOf(await take(store, worker, 9)), ['third', 'late']);
    },
  },
  {
    name: 'hands out what is due with high priority first and with low priority last, and shows the priority of a ticket',
    async run(store) {
      const runId = await openRun(store);
      const specs = [['low', 1], ['high', 9], [undefined, 5], ['low', 0], ['high', 8], [undefined, 4]] as const;
      const tickets = specs.map(([priority, notBefore]) =>
        aTicket(runId, { job: `${priority ?? 'normal'}-${String(notBefore)}`, notBefore, ...(priority === undefined ? {} : { priority }) }),
      );
      await store.log.append({ runId, at: 1, events: [], enqueue: tickets });
      const later = aTicket(runId, { job: 'later', notBefore: store.clock.now() + 1, priority: 'high' });
      await store.queue.ensure([later]);
      assert.deepEqual((await store.queue.ticketsOf(runId)).map((ticket) => ticket.priority), [...tickets, later].map((ticket) => ticket.priority));
      const [general, scoped] = [await joinWorker(store), await joinWorker(store, runId)];
      assert.deepEqual(jobsOf(await take(store, general, 3)), ['high-8', 'high-9', 'normal-4']);
      assert.deepEqual(jobsOf(await take(store, scoped)), ['normal-5', 'low-0', 'low-1']);
    },
  },
  {
    name: 'keeps a ticket back until it falls due',
    async run(store) {
      const runId = await openRun(store);
      const notBefore = store.clock.now() + 1_000;
      await store.queue.ensure([aTicket(runId, { notBefore })]);
      const worker = await joinWorker(store);
      await store.clock.advance(999);
      assert.deepEqual(await take(store, worker), []);
      await store.clock.advance(1);
      assert.equal((await take(store, worker)).length, 1);
    },
  },
  {
    name: 'gives a worker only tickets of the runs it serves',
    async run(store) {
      const [mine, other] = [await openRunWith(store, 'a', 'b'), await openRunWith(store, 'c')];
      const worker = await joinWorker(store, mine);
      assert.deepEqual(jobsOf(await take(store, worker)), ['a', 'b']);
      assert.deepEqual(jobsOf(await take(store, await joinWorker(store, freshRunId()))), []);
      assert.deepEqual(jobsOf(await take(store, await joinWorker(store, mine, other))), ['c']);
    },
  },
  {
    name: 'serves the whole tree below a run: tickets of every run whose root it is',
    async run(store) {
      const root = await openRunWith(store, 'a');
      const child = await openRunIn(store, { root, parent: root });
      const grandchild = await openRunIn(store, { root, parent: child, tenant: 'other' });
      await store.queue.ensure([aTicket(child, { job: 'b' }), aTicket(grandchild, { job: 'c' })]);
      const [above, beside] = [await joinWorker(store, root), await joinWorker(store, child)];
      assert.deepEqual(await store.queue.served([root, child, grandchild]), new Set([root, child, grandchild]));
      assert.equal(await store.queue.nextDue(beside), undefined);
      assert.deepEqual(jobsOf(await take(store, beside)), []);
      assert.deepEqual(jobsOf(await take(store, above)), ['a', 'c', 'b']);
      await store.queue.leave(above);
      assert.deepEqual(await store.queue.served([root, child, grandchild]), new Set());
    },
  },
  {
    name: 'gives nothing to a worker that has not joined, or has left',
    async run(store) {
      const runId = await openRunWith(store, 'a');
      const worker = await joinWorker(store, runId);
      await store.queue.leave(worker);
      assert.deepEqual(await take(store, worker), []);
      assert.equal(await store.queue.nextDue(worker), undefined);
    },
  },
  {
    name: 'shares tickets out between workers that ask at the same time',
    async run(store) {
      const runId = await openRunWith(store, ...Array.from({ length: 20 }, (_, index) => `job-${String(index)}`));
      const other = await store.second();
      const workers = [await joinWorker(store, runId), await joinWorker(other, runId)];
      const taken = await Promise.all(workers.flatMap((worker, index) => [0, 1].map(() => take(index === 0 ? store : other, worker, 6))));
      assert.equal(taken.flat().length, 20);
      assert.equal(new Set(taken.flat().map((lease) => lease.id)).size, 20);
      assert.equal(new Set(taken.flat().map((lease) => lease.token)).size, 20);
    },
  },
  {
    name: 'lets another worker take over when a lease has run out, with a greater token, and not before',
    async run(store) {
      const { runId, lease } = await holdJob(store);
      const next = await joinWorker(store, runId);
      await store.clock.advance(LEASE_MS - 1);
      assert.deepEqual(await take(store, next), []);
      await store.clock.advance(1);
      const taken = await takeOne(store, next);
      assert.equal(taken.id, lease.id);
      assert.ok(taken.token > lease.token);
      assert.deepEqual(await store.queue.renew([lease], LEASE_MS), []);
    },
  },
  {
    name: 'gives a worker its own ticket again when the lease has run out, in case it never heard of it',
    async run(store) {
      const { worker, lease } = await holdJob(store);
      await store.clock.advance(LEASE_MS);
      const again = await takeOne(store, worker);
      assert.equal(again.id, lease.id);
      assert.ok(again.token > lease.token);
    },
  },
  {
    name: 'lets another worker take over at once when the holder has left',
    async run(store) {
      const { runId, worker, lease } = await holdJob(store);
      const next = await joinWorker(store, runId);
      await store.queue.leave(worker);
      assert.ok((await takeOne(store, next)).token > lease.token);
    },
  },
  {
    name: 'keeps tokens growing when a ticket is queued anew under the same id',
    async run(store) {
      const { runId, worker, lease } = await holdJob(store);
      await store.queue.discard([lease]);
      await store.queue.ensure([aTicket(runId)]);
      const again = await takeOne(store, worker);
      assert.equal(again.id, lease.id);
      assert.ok(again.token > lease.token);
    },
  },
];

/** What every `JobQueue` does with leases that are out. */
export const LEASE_CASES: readonly ConformanceCase<StoreUnderTest>[] = [
  {
    name: 'extends the leases that are still valid, and says which they are',
    async run(store) {
      const { runId, worker, lease } = await holdJob(store);
      const gone = await holdJob(store);
      await store.queue.release([gone.lease]);
      await store.clock.advance(LEASE_MS - 1);
      const until = store.clock.now() + LEASE_MS;
      assert.deepEqual(await store.queue.renew([lease, gone.lease], LEASE_MS), [{ ...lease, until }]);
      await store.clock.advance(LEASE_MS - 1);
      assert.deepEqual(await take(store, await joinWorker(store, runId)), []);
      assert.deepEqual(await take(store, worker), []);
    },
  },
  {
    name: 'still extends a lease that ran out, as long as nobody took the ticket over',
    async run(store) {
      const { runId, lease } = await holdJob(store);
      await store.clock.advance(LEASE_MS * 2);
      assert.equal((await store.queue.renew([lease], LEASE_MS)).length, 1);
      assert.deepEqual(await take(store, await joinWorker(store, runId)), []);
    },
  },
  {
    name: 'gives a released ticket to the next worker at once, and ignores a release that comes late',
    async run(store) {
      const { runId, lease } = await holdJob(store);
      const next = await joinWorker(store, runId);
      await store.queue.release([lease]);
      const taken = await takeOne(store, next);
      assert.equal(taken.id, lease.id);
      await store.queue.release([lease]);
      assert.deepEqual(await take(store, next), []);
      assert.equal((await store.queue.renew([taken], LEASE_MS)).length, 1);
    },
  },
  {
    name: 'removes a discarded ticket, and ignores a discard that comes late',
    async run(store) {
      const { runId, worker, lease } = await holdJob(store);
      await store.queue.release([lease]);
      const taken = await takeOne(store, worker);
      await store.queue.discard([lease]);
      assert.equal((await store.queue.ticketsOf(runId)).length, 1);
      await store.queue.discard([taken]);
      assert.deepEqual(await store.queue.ticketsOf(runId), []);
    },
  },
];

/** What every `JobQueue` says about what is queued and who serves it. */
export const QUEUE_VIEW_CASES: readonly ConformanceCase<StoreUnderTest>[] = [
  {
    name: 'queues what is missing, counts only that, and leaves the rest as it is',
    async run(store) {
      const { runId, lease } = await holdJob(store, 'a');
      const tickets = [aTicket(runId, { job: 'a', notBefore: 99 }), aTicket(runId, { job: 'b' })];
      assert.equal(await store.queue.ensure(tickets), 1);
      assert.equal(await store.queue.ensure(tickets), 0);
      const [first, second] = await store.queue.ticketsOf(runId);
      assert.equal(first?.notBefore, 0);
      assert.equal(first.lease?.token, lease.token);
      assert.equal(second?.job, 'b');
    },
  },
  {
    name: 'queues nothing for a run that does not exist or has ended',
    async run(store) {
      assert.equal(await store.queue.ensure([aTicket(freshRunId())]), 0);
      const runId = await openRun(store);
      await store.log.append({ runId, at: 1, expected: 1, events: [aRunFinished()], summary: anEndedSummary(runId) });
      assert.equal(await store.queue.ensure([aTicket(runId)]), 0);
      assert.deepEqual(await store.queue.ticketsOf(runId), []);
    },
  },
  {
    name: 'shows the tickets of one run with who holds them, and whether that worker is alive',
    async run(store) {
      const { runId, worker, lease } = await holdJob(store, 'a');
      await openRunWith(store, 'elsewhere');
      await store.queue.ensure([aTicket(runId, { job: 'b' })]);
      const free = { ...aTicket(runId, { job: 'b' }), id: toTicketId(aTicket(runId, { job: 'b' })) };
      const held = { ...aTicket(runId, { job: 'a' }), id: lease.id };
      const holder = { worker, token: lease.token, until: lease.until };
      assert.deepEqual(await store.queue.ticketsOf(runId), [{ ...held, lease: { ...holder, alive: true } }, free]);
      await store.queue.leave(worker);
      assert.deepEqual(await store.queue.ticketsOf(runId), [{ ...held, lease: { ...holder, alive: false } }, free]);
    },
  },
  {
    name: 'says which runs have a live worker',
    async run(store) {
      const [one, two] = [freshRunId(), freshRunId()];
      assert.deepEqual(await store.queue.served([one, two]), new Set());
      const scoped = await joinWorker(store, one);
      const other = await store.second();
      assert.deepEqual(await other.queue.served([one, two]), new Set([one]));
      const general = await joinWorker(other);
      assert.deepEqual(await store.queue.served([one, two]), new Set([one, two]));
      await other.queue.leave(general);
      await store.queue.leave(scoped);
      assert.deepEqual(await store.queue.served([one, two]), new Set());
    },
  },
  {
    name: 'says when the next ticket falls due: a free one at its time, one held by a live worker when its lease runs out',
    async run(store) {
      const runId = await openRun(store);
      const worker = await joinWorker(store, runId);
      assert.equal(await store.queue.nextDue(worker), undefined);
      const later = store.clock.now() + 60_000;
      await store.queue.ensure([aTicket(runId, { job: 'later', notBefore: later })]);
      assert.equal(await store.queue.nextDue(worker), later);
      await store.queue.ensure([aTicket(runId, { job: 'now' })]);
      assert.ok(((await store.queue.nextDue(worker)) ?? Number.NaN) <= store.clock.now());
      const other = await joinWorker(store, runId);
      const lease = await takeOne(store, other);
      assert.equal(await store.queue.nextDue(worker), lease.until);
      assert.equal(await store.queue.nextDue(other), lease.until);
      await store.queue.leave(other);
      assert.ok(((await store.queue.nextDue(worker)) ?? Number.NaN) <= store.clock.now());
      assert.equal(await store.queue.nextDue(await joinWorker(store, freshRunId())), undefined);
    },
  },
  {
    name: 'tells watchers when a ticket may be takeable: queued, appended, opened with a run or given back, by either process',
    async run(store) {
      const other = await store.second();
      const { runId, lease } = await holdJob(store, 'held');
      let calls = 0;
      const end = store.queue.onReady(() => (calls += 1));
      const told = async (act: () => Promise<unknown>): Promise<void> => {
        await store.clock.advance(1_000);
        const before = calls;
        await act();
        await eventually(store, () => calls > before, 'the watcher is told');
      };
      await told(() => store.queue.ensure([aTicket(runId, { job: 'a' })]));
      await told(() => other.queue.ensure([aTicket(runId, { job: 'b' })]));
      await told(() => other.log.append({ runId, at: 1, events: [], enqueue: [aTicket(runId, { job: 'c' })] }));
      const opened = freshRunId();
      await told(() => other.log.create(aCreate(opened, { enqueue: [aTicket(opened)] })));
      await told(() => other.queue.release([lease]));
      end();
    },
  },
];

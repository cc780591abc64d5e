import assert from 'node:assert/strict';

import { toTicketId } from '@kb-labs/contracts';
import type { RunChange } from '@kb-labs/ports';

import { aCreate, anEndedSummary, aSummary, aTicket } from '../some-commands.js';
import { aCancelRequested, aJobStarted, aRunFinished, aRunStarted, aStepFinished, aStepStarted } from '../some-events.js';
import { eventually, present } from './expectations.js';
import { fenceOf, freshRunId, holdJob, jobsOf, joinWorker, LEASE_MS, openRun, openRunWith, take, takeOne } from './store-steps.js';
import type { ConformanceCase, StoreUnderTest } from './suite.js';

/** What every `EventLog` does on appending and reading. Opening a run has its own list. */
export const APPEND_CASES: readonly ConformanceCase<StoreUnderTest>[] = [
  {
    name: 'numbers events from 1 without gaps and reads them back as they were written',
    async run(store) {
      const opening = [aRunStarted(), aJobStarted()];
      const runId = await openRun(store, { at: 7, events: opening });
      assert.deepEqual(await store.log.append({ runId, at: 8, events: [aStepStarted(), aStepFinished()] }), { ok: true, seq: 4 });
      assert.deepEqual(await store.log.read(runId, 0), [
        ...opening.map((event, index) => ({ ...event, seq: index + 1, at: 7 })),
        { ...aStepStarted(), seq: 3, at: 8 },
        { ...aStepFinished(), seq: 4, at: 8 },
      ]);
    },
  },
  {
    name: 'keeps values byte for byte, also keys that mean something to JavaScript',
    async run(store) {
      const runId = await openRun(store);
      const outputs = JSON.parse('{"__proto__":{"a":1},"constructor":"x","text":"\\u0000\\ud83d\\ude00\\r\\n\'\\"","n":-0.5}') as Record<string, never>;
      await store.log.append({ runId, at: 1, events: [aStepFinished({ outputs })] });
      const [event] = await store.log.read(runId, 1);
      assert.equal(JSON.stringify(event?.type === 'step.finished' ? event.outputs : undefined), JSON.stringify(outputs));
    },
  },
  {
    name: 'reads from a place on, and no more than asked for',
    async run(store) {
      const runId = await openRun(store);
      await store.log.append({ runId, at: 1, events: [aStepStarted(), aStepFinished(), aStepStarted()] });
      assert.deepEqual((await store.log.read(runId, 2)).map((event) => event.seq), [3, 4]);
      assert.deepEqual((await store.log.read(runId, 0, 2)).map((event) => event.seq), [1, 2]);
      assert.deepEqual(await store.log.read(runId, 4), []);
    },
  },
  {
    name: 'has no events for a run that does not exist, and refuses to append to it',
    async run(store) {
      const runId = freshRunId();
      assert.deepEqual(await store.log.read(runId, 0), []);
      assert.deepEqual(await store.log.append({ runId, at: 1, events: [aStepStarted()] }), { ok: false, refused: 'absent' });
      assert.deepEqual(await store.log.read(runId, 0), []);
    },
  },
  {
    name: 'refuses a decision when another one came after what it was made on',
    async run(store) {
      const runId = await openRun(store);
      assert.deepEqual(await store.log.append({ runId, at: 1, expected: 1, events: [aCancelRequested()] }), { ok: true, seq: 2 });
      assert.deepEqual(await store.log.append({ runId, at: 2, expected: 1, events: [aCancelRequested()] }), { ok: false, refused: 'conflict' });
      assert.equal((await store.log.read(runId, 0)).length, 2);
    },
  },
  {
    name: 'lets records pass between a decision and what it was made on',
    async run(store) {
      const runId = await openRun(store);
      await store.log.append({ runId, at: 1, events: [aStepStarted()] });
      assert.deepEqual(await store.log.append({ runId, at: 2, expected: 1, events: [aCancelRequested()] }), { ok: true, seq: 3 });
      assert.deepEqual(await store.log.append({ runId, at: 3, expected: 2, events: [aCancelRequested()] }), { ok: false, refused: 'conflict' });
      assert.deepEqual(await store.log.append({ runId, at: 3, events: [aStepFinished()] }), { ok: true, seq: 4 });
      assert.deepEqual(await store.log.append({ runId, at: 4, expected: 3, events: [aCancelRequested()] }), { ok: true, seq: 5 });
    },
  },
  {
    name: 'lets one of many decisions on the same events win',
    async run(store) {
      const runId = await openRun(store);
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          store.log.append({ runId, at: 1, expected: 1, events: [aCancelRequested({ by: String(index) })] }),
        ),
      );
      assert.equal(results.filter((result) => result.ok).length, 1);
      assert.equal((await store.log.read(runId, 0)).length, 2);
    },
  },
  {
    name: 'writes nothing of a refused append',
    async run(store) {
      const runId = await openRunWith(store, 'kept');
      await store.log.append({ runId, at: 1, expected: 1, events: [aCancelRequested()] });
      await store.log.append({ runId, at: 1, events: [], claim: [{ group: 'g', job: 'kept' }] });
      const all = async (): Promise<unknown> => [
        await store.log.read(runId, 0),
        await store.queue.ticketsOf(runId),
        await store.catalog.getRun(runId),
        await store.claims.of(runId),
        await store.catalog.listWaits({ limit: 9 }),
      ];
      const before = await all();
      const refused = await store.log.append({
        runId,
        at: 2,
        expected: 1,
        events: [aCancelRequested()],
        summary: aSummary(runId, { status: 'running', startedAt: 2 }),
        enqueue: [aTicket(runId, { job: 'added' })],
        settle: [toTicketId(aTicket(runId, { job: 'kept' }))],
        unclaim: ['kept'],
        claim: [{ group: 'g', job: 'added' }],
        waits: { open: [{ job: 'kept', step: 's', kind: 'callback' }], close: [] },
      });
      assert.equal(refused.ok, false);
      assert.deepEqual(await all(), before);
    },
  },
  {
    name: 'writes events, tickets and summary of one append together',
    async run(store) {
      const { runId, fence, lease } = await holdJob(store, 'first');
      const summary = aSummary(runId, { status: 'running', startedAt: 5 });
      await store.log.append({
        runId,
        at: 5,
        fence,
        events: [aStepFinished()],
        summary,
        enqueue: [aTicket(runId, { job: 'second', notBefore: 9 })],
        settle: [lease.id],
      });
      const other = await store.second();
      assert.equal((await other.log.read(runId, 0)).length, 2);
      assert.deepEqual(await other.catalog.getRun(runId), summary);
      const ticket = aTicket(runId, { job: 'second', notBefore: 9 });
      assert.deepEqual(await other.queue.ticketsOf(runId), [{ ...ticket, id: toTicketId(ticket) }]);
    },
  },
  {
    name: 'takes an append of whoever holds the ticket, and refuses one whose lease was given back or taken over',
    async run(store) {
      const { runId, fence, lease } = await holdJob(store);
      const events = [aStepStarted()];
      assert.equal((await store.log.append({ runId, at: 1, fence, events })).ok, true);
      assert.deepEqual(await store.log.append({ runId, at: 1, fence: { ...fence, token: fence.token + 1 }, events }), { ok: false, refused: 'fenced' });
      await store.queue.release([lease]);
      assert.deepEqual(await store.log.append({ runId, at: 1, fence, events }), { ok: false, refused: 'fenced' });
      const next = await takeOne(store, await joinWorker(store, runId));
      assert.deepEqual(await store.log.append({ runId, at: 1, fence, events }), { ok: false, refused: 'fenced' });
      assert.equal((await store.log.append({ runId, at: 1, fence: fenceOf(next), events })).ok, true);
    },
  },
  {
    name: 'takes an append of several holders at once, and refuses it when the lease of any of them is not valid',
    async run(store) {
      const runId = await openRunWith(store, 'a', 'b', 'c');
      const leases = await take(store, await joinWorker(store, runId));
      const fences = leases.map(fenceOf);
      const events = ['a', 'b', 'c'].map((job) => aStepStarted({ job }));
      assert.deepEqual(await store.log.append({ runId, at: 1, expected: 1, fences, events }), { ok: true, seq: 4 });
      await store.queue.release(leases.slice(1, 2));
      assert.deepEqual(await store.log.append({ runId, at: 1, expected: 4, fences, events, settle: jobsOf(leases).map((job) => toTicketId(aTicket(runId, { job }))) }), { ok: false, refused: 'fenced' });
      assert.equal((await store.queue.ticketsOf(runId)).length, 3);
      const settled = leases.filter((_, index) => index !== 1).map(({ id }) => id);
      const again = aTicket(runId, { job: 'd' });
      const ended = await store.log.append({ runId, at: 1, expected: 4, fences: [present(fences[0]), present(fences[2])], events: events.slice(1), settle: settled, enqueue: [again] });
      assert.deepEqual(ended, { ok: true, seq: 6 });
      assert.deepEqual(jobsOf(await store.queue.ticketsOf(runId)), ['b', 'd']);
    },
  },
  {
    name: 'still takes an append after the lease ran out, as long as nobody took the ticket over',
    async run(store) {
      const { runId, fence } = await holdJob(store);
      await store.clock.advance(LEASE_MS * 2);
      assert.equal((await store.log.append({ runId, at: 1, fence, events: [aStepStarted()] })).ok, true);
      await takeOne(store, await joinWorker(store, runId));
      assert.deepEqual(await store.log.append({ runId, at: 1, fence, events: [aStepStarted()] }), { ok: false, refused: 'fenced' });
    },
  },
  {
    name: 'refuses a fence whose ticket is done with',
    async run(store) {
      const { runId, fence, lease } = await holdJob(store);
      assert.equal((await store.log.append({ runId, at: 1, fence, events: [aStepFinished()], settle: [lease.id] })).ok, true);
      assert.deepEqual(await store.log.append({ runId, at: 1, fence, events: [aStepFinished()] }), { ok: false, refused: 'fenced' });
    },
  },
  {
    name: 'names the first reason of a refusal: absent, fenced, closed, conflict',
    async run(store) {
      const { runId, fence } = await holdJob(store);
      const stale = { ...fence, token: 0 };
      const events = [aStepFinished()];
      assert.deepEqual(await store.log.append({ runId: freshRunId(), at: 1, fence: stale, expected: 9, events }), { ok: false, refused: 'absent' });
      assert.deepEqual(await store.log.append({ runId, at: 1, fence: stale, expected: 0, events }), { ok: false, refused: 'fenced' });
      assert.deepEqual(await store.log.append({ runId, at: 1, fence, expected: 0, events }), { ok: false, refused: 'conflict' });
      await store.log.append({ runId, at: 1, expected: 1, events: [aRunFinished()], summary: anEndedSummary(runId) });
      assert.deepEqual(await store.log.append({ runId, at: 1, fence: stale, expected: 0, events }), { ok: false, refused: 'fenced' });
      assert.deepEqual(await store.log.append({ runId, at: 1, expected: 0, events }), { ok: false, refused: 'closed' });
    },
  },
  {
    name: 'leaves a queued ticket as it is, and queues one anew that the same append settles',
    async run(store) {
      const { runId, fence, lease } = await holdJob(store);
      const again = aTicket(runId, { notBefore: 77 });
      await store.log.append({ runId, at: 1, fence, events: [], enqueue: [again] });
      const [kept] = await store.queue.ticketsOf(runId);
      assert.equal(kept?.notBefore, 0);
      assert.equal(kept.lease?.token, lease.token);
      await store.log.append({ runId, at: 1, fence, events: [aStepFinished()], settle: [lease.id], enqueue: [again] });
      assert.deepEqual(await store.queue.ticketsOf(runId), [{ ...again, id: lease.id }]);
    },
  },
  {
    name: 'hands out the tickets of an append in the order they were written',
    async run(store) {
      const runId = await openRun(store);
      await store.log.append({ runId, at: 1, events: [], enqueue: ['c', 'a', 'b'].map((job) => aTicket(runId, { job })) });
      assert.deepEqual(jobsOf(await take(store, await joinWorker(store, runId))), ['c', 'a', 'b']);
    },
  },
  {
    name: 'tells watchers of a run, and of all runs, what either process writes, until they stop',
    async run(store) {
      const runId = await openRun(store);
      const other = await store.second();
      const calls = { one: 0, all: 0, stopped: 0 };
      const ends = [store.log.watch(runId, () => (calls.one += 1)), store.log.watch(null, () => (calls.all += 1))];
      store.log.watch(runId, () => (calls.stopped += 1))();
      for (const writer of [store, other]) {
        // Hints without a cause are allowed: once they have settled, only a write can bring one.
        await store.clock.advance(1_000);
        const before = { ...calls };
        await writer.log.append({ runId, at: 1, events: [aStepStarted()] });
        await eventually(store, () => calls.one > before.one && calls.all > before.all, 'both watchers are told');
      }
      for (const end of ends) end();
      const after = { ...calls };
      await other.log.append({ runId, at: 1, events: [aStepFinished()] });
      await store.log.append({ runId, at: 1, events: [aStepFinished()] });
      await store.clock.advance(1_000);
      assert.deepEqual({ ...calls, stopped: 0 }, { ...after, stopped: 0 });
      assert.equal(calls.stopped, 0);
    },
  },
  {
    name: 'says with a change how the journal stands, or nothing',
    async run(store) {
      const runId = await openRun(store);
      const other = await store.second();
      const told: (RunChange | undefined)[] = [];
      const end = store.log.watch(runId, (change) => told.push(change));
      let decided = 1;
      for (const writer of [store, other, store]) {
        for (const isDecision of [true, false]) {
          await store.clock.advance(1_000);
          told.splice(0);
          const result = await writer.log.append({ runId, at: 1, ...(isDecision ? { expected: decided } : {}), events: [aStepStarted()] });
          if (isDecision && result.ok) decided = result.seq;
          // What was told of earlier changes can still be on its way.
          await eventually(store, () => told.some((change) => change === undefined || change.decided >= decided), 'the watcher is told');
          for (const change of told) assert.ok((change?.decided ?? 0) <= decided && change?.ended !== true, JSON.stringify(change));
        }
      }
      await store.clock.advance(1_000);
      told.splice(0);
      await store.log.append({ runId, at: 1, events: [aRunFinished()], summary: anEndedSummary(runId) });
      await eventually(store, () => told.some((change) => change?.ended !== false), 'the watcher is told');
      end();
    },
  },
];

/** What every `EventLog` does on opening a run. */
export const CREATE_CASES: readonly ConformanceCase<StoreUnderTest>[] = [
  {
    name: 'opens a run with its events, its tickets and its summary',
    async run(store) {
      const runId = freshRunId();
      const summary = aSummary(runId, { workflowId: 'build', workflowVersion: '1.2.3', createdAt: 3 });
      const ticket = aTicket(runId);
      await store.log.create(aCreate(runId, { at: 3, summary, enqueue: [ticket] }));
      assert.deepEqual(await store.log.read(runId, 0), [{ ...aRunStarted(), seq: 1, at: 3 }]);
      assert.deepEqual(await store.catalog.getRun(runId), summary);
      assert.deepEqual(await store.queue.ticketsOf(runId), [{ ...ticket, id: toTicketId(ticket) }]);
    },
  },
  {
    name: 'answers a repeated idempotency key with the first run, also after that run has ended',
    async run(store) {
      const idempotency = { key: 'k', digest: 'd', keepUntil: 100 };
      const runId = await openRun(store, { idempotency });
      const repeat = aCreate(freshRunId(), { at: 50, idempotency });
      assert.deepEqual(await store.log.create(repeat), { ok: true, runId, repeated: true });
      await store.log.append({ runId, at: 60, expected: 1, events: [aRunFinished()], summary: anEndedSummary(runId) });
      assert.deepEqual(await store.log.create({ ...repeat, at: 100 }), { ok: true, runId, repeated: true });
      assert.deepEqual(await store.log.read(repeat.runId, 0), []);
      assert.equal(await store.catalog.getRun(repeat.runId), undefined);
    },
  },
  {
    name: 'refuses an idempotency key that was used with another request',
    async run(store) {
      await openRun(store, { idempotency: { key: 'k', digest: 'one', keepUntil: 100 } });
      const other = aCreate(freshRunId(), { idempotency: { key: 'k', digest: 'two', keepUntil: 100 } });
      assert.deepEqual(await store.log.create(other), { ok: false, refused: 'key-conflict' });
      assert.deepEqual(await store.log.read(other.runId, 0), []);
    },
  },
  {
    name: 'opens one run for many requests with one key at once',
    async run(store) {
      const other = await store.second();
      const idempotency = { key: 'k', digest: 'd', keepUntil: 100 };
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? store : other).log.create(aCreate(freshRunId(), { idempotency }))),
      );
      assert.equal(results.filter((result) => result.ok && !result.repeated).length, 1);
      assert.equal(new Set(results.map((result) => (result.ok ? result.runId : 'refused'))).size, 1);
      assert.equal((await store.catalog.listRuns({ limit: 100 })).length, 1);
    },
  },
  {
    name: 'answers the same run id again without writing, for a caller that never got its answer',
    async run(store) {
      const runId = await openRun(store);
      await store.log.append({ runId, at: 1, events: [aStepStarted()] });
      assert.deepEqual(await store.log.create(aCreate(runId, { enqueue: [aTicket(runId)] })), { ok: true, runId, repeated: true });
      assert.equal((await store.log.read(runId, 0)).length, 2);
      assert.deepEqual(await store.queue.ticketsOf(runId), []);
    },
  },
  {
    name: 'refuses a run when as many as allowed are open, but still answers a known key',
    async run(store) {
      const idempotency = { key: 'k', digest: 'd', keepUntil: 100 };
      const first = await openRun(store, { idempotency });
      await openRun(store);
      const full = aCreate(freshRunId(), { maxOpenRuns: 2 });
      assert.deepEqual(await store.log.create(full), { ok: false, refused: 'full' });
      assert.deepEqual(await store.log.create({ ...full, idempotency }), { ok: true, runId: first, repeated: true });
      await store.log.append({ runId: first, at: 1, expected: 1, events: [aRunFinished()], summary: anEndedSummary(first) });
      assert.deepEqual(await store.log.create(full), { ok: true, runId: full.runId, repeated: false });
    },
  },
  {
    name: 'tells watchers of all runs that one was opened',
    async run(store) {
      const other = await store.second();
      let calls = 0;
      const end = store.log.watch(null, () => (calls += 1));
      for (const writer of [store, other]) {
        await store.clock.advance(1_000);
        const before = calls;
        await openRun(writer);
        await eventually(store, () => calls > before, 'the watcher is told');
      }
      end();
    },
  },
];

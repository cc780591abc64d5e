import { type RunId, toTicketId, type WorkerId } from '@kb-labs/contracts';
import type { Begin, Create, Lease, TakeOptions } from '@kb-labs/ports';
import { aCreate, aJobStarted, anEndedSummary, aRunFinished, aStepStarted, aSummary, aTicket, countingIds, fakeClock } from '@kb-labs/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { appendEvents } from './append-events.js';
import { AskedConnection } from './asked-connection.fixture.js';
import { type Changes, noChanges } from './commit-group.js';
import { createRun } from './create-run.js';
import { openEmbeddedStore } from './index.js';
import { readEvents } from './journal.js';
import { migrate } from './migrate.js';
import { StandingBy } from './standing-by.js';
import { temporaryDir } from './temporary-dir.fixture.js';
import { addWorker } from './workers.js';

const clock = fakeClock();
const LEASE_MS = 1_000;

/** What was prepared for the first ticket of a run, with one that is queued by it for later. */
function prepared({ runId, at, summary }: Create, worker: WorkerId, begun: (lease: Lease) => void, laterMs = 0): Begin {
  return {
    ticket: toTicketId(aTicket(runId)),
    worker,
    append: {
      runId,
      at: at + laterMs,
      expected: 1,
      events: [aJobStarted({ worker, token: 0 }), aStepStarted()],
      summary: { ...summary, status: 'running', startedAt: 1 },
      enqueue: [aTicket(runId, { job: 'at the end', notBefore: 4_000_000_000_000 })],
      blobs: [{ digest: 'sha256:a', bytes: 3 }],
    },
    begun,
  };
}

describe('a run that is begun as it is created', () => {
  it('leaves what it would if it was created, then handed out, then begun', () => {
    const acts = fc.array(
      fc.record({
        tenant: fc.constantFrom('a', 'b', 'c'),
        priority: fc.constantFrom({}, { priority: 'high' as const }, { priority: 'low' as const }),
        notBefore: fc.constantFrom(0, 0, 0, clock.now() + 1),
        forOther: fc.boolean(),
        /** Then one that goes on has ended. */
        ends: fc.boolean(),
        laterMs: fc.constantFrom(0, 1),
      }),
      { minLength: 1, maxLength: 8 },
    );
    const caps = fc.constantFrom({}, { caps: { total: 2 } }, { caps: { perTenant: 1 } }, { caps: { total: 3, ofTenant: { a: 1 } } });
    let [direct, long] = [0, 0];
    fc.assert(
      fc.property(acts, caps, fc.boolean(), (list, options, otherFirst) => {
        const sides = [new Side(true, options, otherFirst), new Side(false, options, otherFirst)] as const;
        const ids = countingIds();
        for (const { tenant, forOther, ends, laterMs, notBefore, priority } of list) {
          const runId = ids.runId();
          const command = aCreate(runId, { summary: aSummary(runId, { tenant }), enqueue: [aTicket(runId, { job: 'side', notBefore: 4_000_000_000_000 }), aTicket(runId, { notBefore, ...priority })] });
          for (const side of sides) side.create(command, forOther ? OTHER : WORKER, laterMs);
          if (ends) for (const side of sides) side.endFirst();
          expect(sides[0].rows()).toEqual(sides[1].rows());
          expect(sides[0].told).toEqual(sides[1].told);
        }
        direct += sides[0].direct;
        long += list.length - sides[0].direct;
        for (const side of sides) side.connection.close();
      }),
      { numRuns: 60 },
    );
    expect([direct > 30, long > 30]).toEqual([true, true]);
  });

  it('is so for as many as there are places, and the others are queued', async () => {
    const store = await openEmbeddedStore({ dir: temporaryDir(), clock });
    const [ids, begun, handed] = [countingIds(), [] as RunId[], [] as RunId[]];
    const worker = ids.workerId();
    await store.queue.join({ id: worker });
    let caps: NonNullable<TakeOptions['caps']> = {};
    store.queue.standBy?.(worker, () => ({ limit: 3 - begun.length - handed.length, leaseMs: LEASE_MS, caps }), (leases) => handed.push(...leases.map((lease) => lease.runId)));
    const create = (tenant = 'default'): Promise<RunId> => {
      const runId = ids.runId();
      const command = aCreate(runId, { summary: aSummary(runId, { tenant }), enqueue: [aTicket(runId)] });
      return store.log.create(command, prepared(command, worker, (lease) => begun.push(lease.runId))).then(() => runId);
    };
    caps = { perTenant: 1 };
    const first = await Promise.all([create('a'), create('a'), create('b')]);
    expect(begun).toEqual([first[0], first[2]]);
    caps = {};
    // One place is left, and somebody who waits for it already: of a tenant that holds more.
    const second = await Promise.all([create(), create()]);
    expect([begun, handed]).toEqual([[first[0], first[2], second[0]], []]);
    expect((await store.catalog.listRuns({ limit: 9, status: 'queued' })).map((run) => run.id)).toEqual([second[1], first[1]]);
    expect(await store.queue.counts()).toMatchObject({ held: 3, due: 2 });
    await store.close();
  });

  it('is begun once, under the lease that holds, when another write of its commit fails', async () => {
    const store = await openEmbeddedStore({ dir: temporaryDir(), clock });
    const [ids, leases] = [countingIds(), [] as Lease[]];
    const [worker, runId] = [ids.workerId(), ids.runId()];
    await store.queue.join({ id: worker });
    store.queue.standBy?.(worker, () => ({ limit: 1 - leases.length, leaseMs: LEASE_MS }), () => undefined);
    const command = aCreate(runId, { enqueue: [aTicket(runId)] });
    const created = store.log.create(command, prepared(command, worker, (lease) => leases.push(lease)));
    await expect(store.log.create(aCreate(ids.runId(), { events: [aStepStarted()] }))).rejects.toMatchObject({ code: 'INTERNAL' });
    expect((await created).ok).toBe(true);
    const [lease] = leases as [Lease];
    expect(leases).toHaveLength(1);
    expect((await store.queue.ticketsOf(runId)).map((ticket) => ticket.lease?.token)).toEqual([lease.token, undefined]);
    expect(await store.log.append({ runId, at: 2, events: [aStepStarted()], fence: { ticket: lease.id, token: lease.token } })).toEqual({ ok: true, seq: 4 });
    await store.close();
  });

  it('has its row, its ticket and its events written once', () => {
    const side = new Side(true, {}, false);
    side.connection.asked.clear();
    const runId = countingIds().runId();
    side.create(aCreate(runId, { enqueue: [aTicket(runId)] }), WORKER);
    // Of what is there, only what the blobs of the run take up.
    expect([...side.connection.asked].filter((sql) => /^UPDATE (run|ticket)\b|^INSERT INTO entry\b/.test(sql))).toEqual([expect.stringContaining('artifact_bytes')]);
    side.connection.close();
  });
});

const ids = countingIds();
const [WORKER, OTHER] = [ids.workerId(), ids.workerId()];

/** A store that creates runs, each in a transaction of its own. */
class Side {
  readonly connection = new AskedConnection(':memory:');
  readonly told: unknown[] = [];
  direct = 0;
  readonly #standingBy = new StandingBy(this.connection, clock);
  readonly #atOnce: boolean;
  readonly #held: Lease[] = [];

  constructor(atOnce: boolean, options: Pick<TakeOptions, 'caps'>, otherFirst: boolean) {
    this.#atOnce = atOnce;
    migrate(this.connection);
    for (const id of [WORKER, OTHER]) addWorker(this.connection, { id }, clock.now());
    for (const worker of otherFirst ? [OTHER, WORKER] : [WORKER, OTHER]) {
      this.#standingBy.add({
        worker,
        places: () => ({ limit: worker === OTHER ? 1 - this.#held.filter((lease) => lease.worker === OTHER).length : 8, leaseMs: LEASE_MS, ...options }),
        onLeases: (leases) => this.#note('handed', leases),
      });
    }
  }

  create(command: Create, worker: WorkerId, laterMs = 0): void {
    const changes = noChanges(this.connection);
    const begin = prepared(command, worker, (lease) => this.#note('begun', [lease]), laterMs);
    this.connection.exec('BEGIN');
    createRun(this.connection, command, changes, this.#atOnce ? { begin, standingBy: this.#standingBy } : undefined);
    if (!this.#atOnce) changes.begins.set(begin.ticket, begin);
    if (changes.handed.size > 0) this.direct += 1;
    const own: Changes = { ...noChanges(this.connection), begins: changes.begins, handed: changes.handed, counters: changes.counters };
    if (changes.queued.size > 0) this.#standingBy.handOut(own);
    changes.counters.store();
    this.connection.exec('COMMIT');
    for (const tell of [...changes.handedOut, ...own.handedOut]) tell();
    this.told.push([command.runId, (own.runs.get(command.runId) ?? changes.runs.get(command.runId))]);
  }

  endFirst(): void {
    const lease = this.#held.shift();
    if (lease === undefined) return;
    const { runId, id } = lease;
    const [changes, summary] = [noChanges(this.connection), anEndedSummary(runId)];
    appendEvents(this.connection, { runId, at: 2, events: [aRunFinished()], summary, settle: [id] }, changes);
    changes.counters.store();
  }

  rows(): Record<string, unknown[]> {
    const tables = this.connection.all<{ name: string }>(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT IN ('worker', 'opening', 'entry')`);
    const runs = this.connection.all<{ id: RunId }>('SELECT id FROM run ORDER BY id');
    return {
      ...Object.fromEntries(tables.map(({ name }) => [name, this.connection.all(`SELECT * FROM ${name} ORDER BY 1, 2`)])),
      // Which of the two it is in depends on when it was written.
      journals: runs.map(({ id }) => readEvents(this.connection, id, { after: 0, limit: -1 })),
    };
  }

  #note(what: string, leases: readonly Lease[]): void {
    this.#held.push(...leases);
    this.told.push([what, leases]);
  }
}

import assert from 'node:assert/strict';

import { type RunEventBody, type RunId, TIME_LIMIT, type TicketId, type WorkerId } from '@kb-labs/contracts';
import type { Append, Lease, OpenClaim, TakeOptions } from '@kb-labs/ports';
import fc from 'fast-check';

import { anEndedSummary, aTicket, someLines } from '../some-commands.js';
import { aRunFinished, aStepStarted } from '../some-events.js';
import { endRun, fenceOf, joinWorker, LEASE_MS, openRunIn } from './store-steps.js';
import { RecordModel } from './record-model.js';
import { toChange } from './records-cases.js';
import { StoreModel } from './store-model.js';
import type { ConformanceCase, StoreUnderTest } from './suite.js';

/** Picks by number among what there is when the step is made: any number is valid, whatever happened before. */
const pick = fc.nat({ max: 50 });
const job = fc.constantFrom('a', 'b', 'c', TIME_LIMIT);
const priority = fc.constantFrom('high' as const, undefined, 'low' as const);
const claim = fc.record({ group: fc.constantFrom('g', 'h'), job: fc.constantFrom(null, 'a', 'b') });
const ownCaps = fc.dictionary(fc.constantFrom('one', 'other'), fc.integer({ min: 1, max: 4 }), { maxKeys: 2, noNullPrototype: true });
const caps = fc.record({ total: fc.integer({ min: 1, max: 4 }), perTenant: fc.integer({ min: 1, max: 3 }), ofTenant: ownCaps }, { requiredKeys: [] });

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('ensure' as const), run: pick, job, priority, delayMs: fc.constantFrom(0, 3_000) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('take' as const), worker: pick, limit: fc.nat({ max: 3 }), caps: fc.option(caps, { freq: 2 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('renew' as const, 'release' as const, 'discard' as const), lease: pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('leave' as const, 'join' as const), worker: pick }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 3_000, LEASE_MS) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      run: pick,
      lease: fc.option(pick),
      /** How far behind the journal's end the decision was made; none for a record. */
      behind: fc.option(fc.nat({ max: 3 })),
      ends: fc.integer({ min: 0, max: 9 }).map((roll) => roll === 0),
      settles: fc.boolean(),
      enqueues: fc.option(fc.record({ job, priority })),
      claims: fc.array(claim, { maxLength: 2 }),
      unclaims: fc.array(fc.constantFrom('a', 'b'), { maxLength: 1 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('log' as const), lease: pick }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('record' as const),
      change: fc.record({ key: fc.constantFrom('a', 'b'), expected: fc.option(fc.nat({ max: 2 }), { nil: undefined }), removes: fc.boolean(), forMs: fc.option(fc.constantFrom(1, 3_000), { nil: undefined }) }),
    }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Journals, tickets and leases under random use, against the model. */
export const INTERLEAVING_CASE: ConformanceCase<StoreUnderTest> = {
  name: 'does what the model does, whatever the order: no ticket held twice, tokens only grow, late writers are refused, groups go on in turn',
  async run(store) {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 50, size: 'max' }), async (steps) => {
        const rehearsal = await Rehearsal.open(store);
        for (const each of steps) await rehearsal.make(each);
        await rehearsal.compare();
        await rehearsal.end();
      }),
      { numRuns: 60 },
    );
  },
};

const RECORDS = 'rehearsal';

class Rehearsal {
  readonly #store: StoreUnderTest;
  readonly #runs: readonly RunId[];
  readonly #workers: readonly WorkerId[];
  readonly #model: StoreModel;
  readonly #records = new RecordModel();
  readonly #leases: Lease[] = [];
  readonly #lines = new Map<RunId, number>();
  #highest = Number.NEGATIVE_INFINITY;

  static async open(store: StoreUnderTest): Promise<Rehearsal> {
    const tenants = ['one', 'other'];
    const runs = new Map<RunId, string>();
    for (const tenant of tenants) runs.set(await openRunIn(store, { tenant }), tenant);
    const workers = [await joinWorker(store, ...runs.keys()), await joinWorker(store, ...runs.keys())];
    return new Rehearsal(store, runs, workers);
  }

  private constructor(store: StoreUnderTest, runs: ReadonlyMap<RunId, string>, workers: readonly WorkerId[]) {
    this.#store = store;
    this.#runs = [...runs.keys()];
    this.#workers = workers;
    this.#model = new StoreModel(store.clock.now(), runs);
    for (const worker of workers) this.#model.join(worker);
  }

  async make(each: Step): Promise<void> {
    const { queue, clock } = this.#store;
    switch (each.do) {
      case 'ensure': {
        const tickets = [aTicket(at(this.#runs, each.run), { ...placed(each), notBefore: clock.now() + each.delayMs })];
        assert.equal(await queue.ensure(tickets), this.#model.ensure(tickets));
        return;
      }
      case 'take':
        return await this.#take(at(this.#workers, each.worker), { limit: each.limit, ...(each.caps === null ? {} : { caps: each.caps }) });
      case 'renew':
      case 'release':
      case 'discard':
        return this.#leases.length === 0 ? undefined : await this.#end(each.do, at(this.#leases, each.lease));
      case 'join':
        this.#model.join(at(this.#workers, each.worker));
        return await queue.join({ id: at(this.#workers, each.worker), scope: this.#runs });
      case 'leave':
        this.#model.leave(at(this.#workers, each.worker));
        return await queue.leave(at(this.#workers, each.worker));
      case 'advance':
        await clock.advance(each.ms);
        this.#model.now = clock.now();
        return;
      case 'append':
        return await this.#append(each);
      case 'record': {
        const change = toChange(RECORDS, each.change, clock.now());
        return assert.equal(await this.#store.records.write([change]), this.#records.write([change], clock.now()));
      }
      case 'log':
        return this.#leases.length === 0 ? undefined : await this.#log(at(this.#leases, each.lease));
    }
  }

  async compare(): Promise<void> {
    assert.deepEqual(await this.#store.records.list(RECORDS, { limit: 9 }), this.#records.list(RECORDS, this.#store.clock.now()));
    for (const runId of this.#runs) {
      const events = await this.#store.log.read(runId, 0);
      assert.deepEqual(events.map((event) => event.seq), Array.from({ length: this.#model.headOf(runId) }, (_, index) => index + 1));
      assert.deepEqual(byId(await this.#store.queue.ticketsOf(runId)), byId(this.#model.ticketsOf(runId)));
      assert.deepEqual(byJob(await this.#store.claims.of(runId)), byJob(this.#model.claimsOf(runId)));
    }
  }

  /** After all runs have ended nothing is left of them but what their last append queued. */
  async end(): Promise<void> {
    for (const runId of this.#runs) if (!this.#model.isEnded(runId)) await endRun(this.#store, runId, { enqueue: [] });
    for (const runId of this.#runs) {
      assert.deepEqual(await this.#store.claims.of(runId), []);
      for (const ticket of await this.#store.queue.ticketsOf(runId)) assert.equal(ticket.parked, undefined);
    }
    assert.deepEqual(await this.#store.catalog.listWaits({ limit: 1 }), []);
    await this.#store.records.write(['a', 'b'].map((key) => ({ kind: RECORDS, key, remove: true })));
    for (const worker of this.#workers) await this.#store.queue.leave(worker);
  }

  async #take(worker: WorkerId, options: Pick<TakeOptions, 'limit' | 'caps'>): Promise<void> {
    const expected = this.#model.takeable(worker, options);
    const leases = await this.#store.queue.take(worker, { ...options, leaseMs: LEASE_MS });
    assert.deepEqual(leases.map((lease) => lease.id), expected);
    for (const lease of leases) assert.ok(lease.token > this.#highest, 'a token is above every token before');
    assert.equal(new Set(leases.map((lease) => lease.token)).size, leases.length);
    this.#highest = Math.max(this.#highest, ...leases.map((lease) => lease.token));
    for (const lease of leases) this.#model.taken(lease);
    this.#leases.push(...leases);
  }

  async #end(act: 'renew' | 'release' | 'discard', lease: Lease): Promise<void> {
    const { queue, clock } = this.#store;
    if (act === 'renew') {
      const until = clock.now() + LEASE_MS;
      const valid = this.#model.renew(lease, until);
      assert.deepEqual(await queue.renew([lease], LEASE_MS), valid ? [{ ...lease, until }] : []);
      return;
    }
    this.#model[act](lease);
    await queue[act]([lease]);
  }

  async #append(each: Extract<Step, { do: 'append' }>): Promise<void> {
    const runId = at(this.#runs, each.run);
    const leases = this.#leases.filter((lease) => lease.runId === runId);
    const lease = each.lease === null || leases.length === 0 ? undefined : at(leases, each.lease);
    const settle: TicketId[] = each.settles && lease !== undefined ? [lease.id] : [];
    const events: RunEventBody[] = [each.ends ? aRunFinished() : aStepStarted()];
    const command: Append = {
      runId,
      at: 1,
      events,
      settle,
      enqueue: each.enqueues === null ? [] : [aTicket(runId, placed(each.enqueues))],
      claim: each.claims,
      unclaim: each.unclaims,
      waits: { open: [{ job: 'a', step: 's', kind: 'callback' }], close: each.unclaims.map((given) => ({ job: given })) },
      ...(lease === undefined ? {} : { fence: fenceOf(lease) }),
      ...(each.behind === null ? {} : { expected: Math.max(0, this.#model.headOf(runId) - each.behind) }),
      ...(each.ends ? { summary: anEndedSummary(runId) } : {}),
    };
    assert.deepEqual(await this.#store.log.append(command), this.#model.append(command));
  }

  async #log(lease: Lease): Promise<void> {
    const { runId } = lease;
    const n = (this.#lines.get(runId) ?? 0) + 1;
    const valid = this.#model.isHeld(fenceOf(lease));
    assert.equal(await this.#store.logs.append(runId, fenceOf(lease), someLines({ from: n, to: n })), valid);
    if (valid) this.#lines.set(runId, n);
  }
}

function placed(ticket: { job: string; priority: 'high' | 'low' | undefined }): { job: string; priority?: 'high' | 'low' } {
  return { job: ticket.job, ...(ticket.priority === undefined ? {} : { priority: ticket.priority }) };
}

function at<T>(items: readonly T[], number: number): T {
  const item = items[number % items.length];
  assert.ok(item !== undefined);
  return item;
}

function byId<T extends { readonly id: string }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function byJob(claims: readonly OpenClaim[]): OpenClaim[] {
  return [...claims].sort((a, b) => ((a.job ?? '') < (b.job ?? '') ? -1 : 1));
}

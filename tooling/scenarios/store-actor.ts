import type { LogLine, RunEventBody, RunId, RunSummary, WorkerId } from '@kb-labs/contracts';
import { AppError, assertNever } from '@kb-labs/errors';
import type { Append, Create, Lease, NewTicket, OpenWait, QueuedTicket } from '@kb-labs/ports';
import { aCreate, aRunFinished, aStepFinished, aSummary, aTicket, type FakeClock, someLines, type StorePorts } from '@kb-labs/testkit';

import type { StoreCommand } from './store-commands.js';

const LEASE_MS = 10_000;
const EVERYTHING = 1_000;

type Of<Name extends StoreCommand['do']> = Extract<StoreCommand, { do: Name }>;

/** What the stores that are compared are asked about: the same for each. */
interface Cast {
  readonly clock: FakeClock;
  readonly workers: readonly WorkerId[];
  /** Ids that were given out so far, whether or not the run was opened. */
  readonly runs: readonly RunId[];
}

/**
 * Gives commands to one store and says what it answered, without what may differ between stores: tokens are named by the
 * hand-out they come from, and cursors are left out.
 */
export class StoreActor {
  readonly #store: StorePorts;
  readonly #cast: Cast;
  readonly #leases: Lease[] = [];
  readonly #tokens: number[] = [];
  readonly #waitCursors: number[] = [];
  readonly #lineCursors = new Map<RunId, number[]>();

  constructor(store: StorePorts, cast: Cast) {
    this.#store = store;
    this.#cast = cast;
  }

  /** The answer, or the code it failed with. */
  async give(command: StoreCommand): Promise<unknown> {
    try {
      return await this.#give(command);
    } catch (thrown) {
      if (thrown instanceof AppError) return { failed: thrown.code };
      throw thrown;
    }
  }

  /** All that can be seen of the store. */
  async observe(): Promise<unknown> {
    const { log, catalog, queue, claims, logs } = this.#store;
    const { runs, workers } = this.#cast;
    const perRun = runs.map(async (runId) => ({
      runId,
      summary: await catalog.getRun(runId),
      events: await log.read(runId, 0),
      tickets: (await queue.ticketsOf(runId)).map((ticket) => this.#plainTicket(ticket)),
      claims: await claims.of(runId),
      lines: plainPage(await logs.read(runId, { limit: EVERYTHING })),
    }));
    return {
      runs: await Promise.all(perRun),
      list: (await catalog.listRuns({ limit: EVERYTHING })).map((run) => run.id),
      open: await catalog.openRuns({ limit: EVERYTHING }),
      countOpen: await catalog.countOpen(),
      waits: this.#plainWaits(await catalog.listWaits({ limit: EVERYTHING })),
      counts: await queue.counts(),
      served: [...(await queue.served(runs))].sort(),
      nextDue: await Promise.all(workers.map((worker) => queue.nextDue(worker))),
    };
  }

  async #give(command: StoreCommand): Promise<unknown> {
    const { log, catalog, queue } = this.#store;
    switch (command.do) {
      case 'create':
        return await log.create(this.#create(command));
      case 'append':
        return await this.#append(command);
      case 'ensure':
        // Tickets of one call are apart in time: which of those that are made and due together goes first is not promised.
        return await queue.ensure(command.tickets.map(({ run, ticket }, index) => this.#ticket(this.#run(run), ticket, index)));
      case 'take':
        return await this.#take(command);
      case 'renew':
        return (await queue.renew(this.#some(command.leases), LEASE_MS)).map((lease) => this.#plain(lease));
      case 'release':
      case 'discard':
        return await queue[command.do](this.#some(command.leases));
      case 'join':
        return await queue.join({ id: this.#worker(command.worker), ...(command.scope && { scope: command.scope.map((run) => this.#run(run)) }) });
      case 'leave':
        return await queue.leave(this.#worker(command.worker));
      case 'log':
        return await this.#log(command);
      case 'list-runs':
        return await this.#listRuns(command);
      case 'open-runs':
        return await byPages(command.limit, (last?: RunId) => {
          const after = last ?? (command.after === undefined ? undefined : this.#run(command.after));
          return catalog.openRuns({ ...(after !== undefined && { after }), limit: command.limit });
        });
      case 'list-waits':
        return await this.#listWaits(command);
      case 'read':
        return await log.read(this.#run(command.run), command.after, command.limit);
      case 'read-lines':
        return await this.#readLines(command);
      case 'look':
        return await this.observe();
      case 'advance':
        return undefined;
      default:
        return assertNever(command);
    }
  }

  #create(command: Of<'create'>): Create {
    const { again, under, workflow, tenant, status, key, maxOpenRuns, enqueue, claim } = command;
    const now = this.#cast.clock.now();
    const runId = again === undefined ? last(this.#cast.runs) : this.#run(again);
    const root = under === undefined ? runId : this.#run(under);
    return aCreate(runId, {
      at: now,
      summary: aSummary(runId, { workflowId: workflow, tenant, status, root, createdAt: now, ...(root === runId ? {} : { parent: root }) }),
      enqueue: enqueue.map((ticket) => this.#ticket(runId, ticket)),
      claim,
      maxOpenRuns,
      ...(key && { idempotency: { key: key.key, digest: key.digest, keepUntil: now + key.keepMs } }),
    });
  }

  async #append(command: Of<'append'>): Promise<unknown> {
    const { fence, behind, text, ends, settle, enqueue, claim, unclaim, open, close } = command;
    const now = this.#cast.clock.now();
    const runId = this.#run(command.run);
    const own = this.#leases.filter((lease) => lease.runId === runId);
    const lease = fence === undefined ? undefined : latest(own, fence);
    const head = (await this.#store.log.read(runId, 0)).length;
    const status = ends ?? command.status;
    const events: RunEventBody[] = Array.from({ length: command.events }, () => aStepFinished({ outputs: { text } }));
    if (ends !== undefined) events.push(aRunFinished());
    const given: Append = {
      runId,
      at: now,
      events,
      settle: settle.flatMap((each) => latest(own, each)?.id ?? []),
      enqueue: enqueue.map((ticket) => this.#ticket(runId, ticket)),
      claim,
      unclaim,
      waits: { open, close: close.map((job) => ({ job })) },
      ...(lease && { fence: { ticket: lease.id, token: lease.token } }),
      ...(behind !== undefined && { expected: Math.max(head - behind, 0) }),
      ...(status && { summary: aSummary(runId, { status, startedAt: now, finishedAt: ends === undefined ? null : now }) }),
    };
    return await this.#store.log.append(given);
  }

  async #take({ worker, limit, caps }: Of<'take'>): Promise<unknown> {
    const before = Math.max(0, ...this.#tokens);
    const leases = await this.#store.queue.take(this.#worker(worker), { limit, leaseMs: LEASE_MS, ...(caps && { caps }) });
    this.#leases.push(...leases);
    this.#tokens.push(...leases.map((lease) => lease.token));
    const grows = leases.every((lease, index) => lease.token > (leases[index - 1]?.token ?? before));
    return { leases: leases.map((lease) => this.#plain(lease)), grows };
  }

  async #log({ lease: number, run, steps, gap, text }: Of<'log'>): Promise<unknown> {
    const lease = latest(this.#leases, number);
    if (lease === undefined) return undefined;
    const runId = run === undefined ? lease.runId : this.#run(run);
    const { logs } = this.#store;
    const used = new Map<string, number>();
    const lines: LogLine[] = [];
    for (const step of steps) {
      const n = (used.get(step) ?? (await logs.lastLine(runId, lease.job, step)) + gap) + 1;
      used.set(step, n);
      lines.push(...someLines({ from: n, to: n, job: lease.job, step }, { text }));
    }
    return [lines.map((line) => line.n), await logs.append(runId, { ticket: lease.id, token: lease.token }, lines)];
  }

  async #listRuns({ filter, sinceMs, before, limit }: Of<'list-runs'>): Promise<unknown> {
    const since = sinceMs === undefined ? {} : { since: this.#cast.clock.now() - sinceMs };
    return await byPages(limit, (last?: RunSummary) => {
      const from = last?.id ?? (before === undefined ? undefined : this.#run(before));
      return this.#store.catalog.listRuns({ ...filter, ...since, ...(from !== undefined && { before: from as RunId }), limit });
    });
  }

  async #listWaits({ kind, name, run, after, limit }: Of<'list-waits'>): Promise<unknown> {
    const filter = { ...(kind !== undefined && { kind }), ...(name !== undefined && { name }), ...(run !== undefined && { runId: this.#run(run) }) };
    const first = after === undefined ? undefined : latest(this.#waitCursors, after);
    const waits = await byPages(limit, (last?: OpenWait) => {
      const from = last?.cursor ?? first;
      return this.#store.catalog.listWaits({ ...filter, ...(from !== undefined && { after: from }), limit });
    });
    return this.#plainWaits(waits);
  }

  async #readLines({ lease, job, step, since, after, limit }: Of<'read-lines'>): Promise<unknown> {
    const runId = latest(this.#leases, lease)?.runId ?? last(this.#cast.runs);
    const filter = { ...(job !== undefined && { job }), ...(step !== undefined && { step }), ...(since !== undefined && { since }) };
    const cursors = this.#lineCursors.get(runId) ?? [];
    this.#lineCursors.set(runId, cursors);
    const pages: unknown[] = [];
    let from = after === undefined ? undefined : latest(cursors, after);
    for (let more = true; more; ) {
      const page = await this.#store.logs.read(runId, { ...filter, ...(from !== undefined && { after: from }), limit });
      pages.push(plainPage(page));
      cursors.push(page.cursor);
      from = page.cursor;
      more = page.more && limit > 0 && pages.length < EVERYTHING;
    }
    return pages;
  }

  #ticket(runId: RunId, { job, attempt, turn, delayMs, priority }: Of<'append'>['enqueue'][number], apartMs = 0): NewTicket {
    return aTicket(runId, { job, attempt, turn, notBefore: this.#cast.clock.now() + delayMs + apartMs, ...(priority && { priority }) });
  }

  #some(numbers: readonly number[]): Lease[] {
    return numbers.flatMap((number) => latest(this.#leases, number) ?? []);
  }

  #run(number: number): RunId {
    return at(this.#cast.runs, number) ?? last(this.#cast.runs);
  }

  #worker(number: number): WorkerId {
    return at(this.#cast.workers, number) ?? last(this.#cast.workers);
  }

  #plain<T extends { readonly token: number }>(lease: T): Omit<T, 'token'> & { token: string } {
    return { ...lease, token: `hand-out ${String(this.#tokens.indexOf(lease.token))}` };
  }

  #plainTicket(ticket: QueuedTicket): unknown {
    return ticket.lease === undefined ? ticket : { ...ticket, lease: this.#plain(ticket.lease) };
  }

  #plainWaits(waits: readonly OpenWait[]): unknown {
    this.#waitCursors.push(...waits.map((wait) => wait.cursor));
    const grows = waits.every((wait, index) => wait.cursor > (waits[index - 1]?.cursor ?? 0));
    return { waits: waits.map(({ cursor: _, ...wait }) => wait), grows };
  }
}

/** All pages of a list, each asked for with the last item of the one before. */
async function byPages<T>(limit: number, read: (last?: T) => Promise<T[]>): Promise<T[]> {
  const all = await read();
  for (let page = all; page.length === limit && limit > 0 && all.length < EVERYTHING; all.push(...page)) page = await read(page.at(-1));
  return all;
}

function plainPage({ lines, more }: { lines: readonly LogLine[]; more: boolean }): unknown {
  return { lines, more };
}

function at<T>(items: readonly T[], number: number): T | undefined {
  return items[number % items.length];
}

function latest<T>(items: readonly T[], number: number): T | undefined {
  return items.at(-1 - (number % items.length));
}

function last<T>(items: readonly T[]): T {
  const item = items.at(-1);
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

import type { RunId, WorkerId } from '@kb-labs/contracts';
import type { Clock, JobQueue, Lease, NewTicket, Places, QueueCounts, QueuedTicket, TakeOptions, WorkerInfo } from '@kb-labs/ports';

import type { ChangeWatch } from './change-watch.js';
import { type Changes, type CommitGroup, noteQueued } from './commit-group.js';
import type { Connection } from './connection.js';
import { dueTickets, handOut, isAnyDue, nextDueAt } from './hand-out.js';
import type { StandingBy } from './standing-by.js';
import { countTickets, insertTickets, listTicketsOf, placeOf, RANKS, type TicketRow } from './tickets.js';
import { addWorker, findWorker, isSeenLately, liveWorkers, noteSeen, removeWorker, scopeOf, sweepWorkers } from './workers.js';

export class EmbeddedJobQueue implements JobQueue {
  readonly #connection: Connection;
  readonly #group: CommitGroup;
  readonly #watch: ChangeWatch;
  readonly #clock: Clock;
  readonly #standingBy: StandingBy;

  constructor(connection: Connection, group: CommitGroup, watch: ChangeWatch, { clock, standingBy }: { clock: Clock; standingBy: StandingBy }) {
    this.#connection = connection;
    this.#group = group;
    this.#watch = watch;
    this.#clock = clock;
    this.#standingBy = standingBy;
  }

  join(worker: WorkerInfo): Promise<void> {
    return this.#group.write((changes) => {
      const now = this.#clock.now();
      sweepWorkers(this.#connection, now);
      addWorker(this.#connection, worker, now);
      changes.ready = true;
    });
  }

  leave(worker: WorkerId): Promise<void> {
    return this.#group.write((changes) => {
      removeWorker(this.#connection, worker);
      changes.ready = true;
    });
  }

  async take(worker: WorkerId, options: TakeOptions): Promise<Lease[]> {
    // Looking first keeps an idle worker, and one that the caps hold back, from locking the file.
    if (!(await this.#group.read(() => this.#hasWork(worker, options)))) return [];
    const handOutDue = ({ counters }: Changes): Lease[] => {
      const now = this.#clock.now();
      const live = sweepWorkers(this.#connection, now);
      const taker = live.find((row) => row.id === worker);
      if (taker === undefined) return [];
      noteSeen(this.#connection, taker, now);
      const rows = dueTickets(this.#connection, { ...options, taker, live, now });
      return handOut(this.#connection, rows, { worker, until: now + options.leaseMs, counters });
    };
    // Whatever a worker does with a ticket is written first, and takes this to the disk. If a power cut comes before that, nobody has done anything with it.
    return await this.#group.write(handOutDue, { waitsForDisk: false });
  }

  standBy(worker: WorkerId, places: () => Places | undefined, onLeases: (leases: Lease[]) => void): () => void {
    return this.#standingBy.add({ worker, places, onLeases });
  }

  renew(leases: readonly Lease[], leaseMs: number): Promise<Lease[]> {
    if (leases.length === 0) return Promise.resolve([]);
    return this.#group.write(() => {
      const now = this.#clock.now();
      const until = now + leaseMs;
      const valid = leases.filter(
        (lease) => this.#connection.change('UPDATE ticket SET until = ? WHERE id = ? AND token = ?', until, lease.id, lease.token) > 0,
      );
      for (const worker of new Set(valid.map((lease) => lease.worker))) {
        const row = findWorker(this.#connection, worker);
        if (row !== undefined) noteSeen(this.#connection, row, now);
      }
      return valid.map((lease) => ({ ...lease, until }));
    });
  }

  release(leases: readonly Lease[]): Promise<void> {
    if (leases.length === 0) return Promise.resolve();
    return this.#group.write((changes) => {
      for (const lease of leases) {
        const released = this.#connection.change(
          'UPDATE ticket SET worker = NULL, token = NULL, until = NULL WHERE id = ? AND token = ?',
          lease.id,
          lease.token,
        );
        if (released > 0) changes.ready = true;
      }
    });
  }

  discard(leases: readonly Lease[]): Promise<void> {
    if (leases.length === 0) return Promise.resolve();
    return this.#group.write((changes) => {
      for (const lease of leases) {
        // Fewer tickets are held now: under a cap, that lets another one go out.
        if (this.#connection.change('DELETE FROM ticket WHERE id = ? AND token = ?', lease.id, lease.token) > 0) changes.room = true;
      }
    });
  }

  ensure(tickets: readonly NewTicket[]): Promise<number> {
    if (tickets.length === 0) return Promise.resolve(0);
    return this.#group.write((changes) => {
      const added = insertTickets(this.#connection, tickets, { counters: changes.counters });
      noteQueued(changes, added);
      return added.length;
    });
  }

  ticketsOf(runId: RunId): Promise<QueuedTicket[]> {
    return this.#group.read(() => {
      const live = new Set<string>(liveWorkers(this.#connection, this.#clock.now()).map((worker) => worker.id));
      return listTicketsOf(this.#connection, runId).map((row) => toQueuedTicket(row, live));
    });
  }

  counts(): Promise<QueueCounts> {
    return this.#group.read(() => countTickets(this.#connection, this.#clock.now()));
  }

  served(runIds: readonly RunId[]): Promise<ReadonlySet<RunId>> {
    return this.#group.read(() => {
      const scopes = liveWorkers(this.#connection, this.#clock.now()).map(scopeOf);
      if (scopes.length === 0) return new Set();
      return new Set(
        runIds.filter((runId) => {
          const root = this.#rootOf(runId);
          return scopes.some((scope) => scope === undefined || scope.has(root));
        }),
      );
    });
  }

  nextDue(worker: WorkerId): Promise<number | undefined> {
    return this.#group.read(() => {
      const taker = findWorker(this.#connection, worker);
      if (taker === undefined) return undefined;
      const now = this.#clock.now();
      return nextDueAt(this.#connection, { taker, live: liveWorkers(this.#connection, now), now });
    });
  }

  onReady(callback: (only?: 'room') => void): () => void {
    return this.#watch.watchReady(callback);
  }

  #hasWork(worker: WorkerId, options: TakeOptions): boolean {
    const now = this.#clock.now();
    const taker = findWorker(this.#connection, worker);
    if (taker === undefined) return false;
    if (!isSeenLately(taker, now)) return true;
    return isAnyDue(this.#connection, { ...options, taker, live: liveWorkers(this.#connection, now), now });
  }

  /** A run that is not there yet is taken for the top of its own tree. */
  #rootOf(runId: RunId): RunId {
    return this.#connection.get<{ root: RunId }>('SELECT root FROM run WHERE id = ?', runId)?.root ?? runId;
  }
}

function toQueuedTicket(row: TicketRow, live: ReadonlySet<string>): QueuedTicket {
  const priority = RANKS[row.rank];
  const ticket: QueuedTicket = {
    id: row.id,
    ...placeOf(row),
    notBefore: row.not_before,
    ...(priority === undefined ? {} : { priority }),
    ...(row.parked === 0 ? {} : { parked: true }),
  };
  if (row.worker === null || row.token === null || row.until === null) return ticket;
  return { ...ticket, lease: { worker: row.worker as WorkerId, token: row.token, until: row.until, alive: live.has(row.worker) } };
}

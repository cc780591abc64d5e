import type { RunId, RunSummary, TicketId, WorkerId } from '@kb-labs/contracts';
import type { Begin, Clock, Lease, NewTicket, Places } from '@kb-labs/ports';

import { appendEvents } from './append-events.js';
import type { Changes } from './commit-group.js';
import type { Connection } from './connection.js';
import { drawTokens, dueTickets, handOut, isAnyDue } from './hand-out.js';
import { roomUnder } from './room.js';
import { liveWorkers, noteSeen, scopeOf, type WorkerRow } from './workers.js';

interface Standby {
  readonly worker: WorkerId;
  readonly places: () => Places | undefined;
  readonly onLeases: (leases: Lease[]) => void;
}

/** What the writes of one transaction know when they hand out. */
interface Turn {
  readonly now: number;
  readonly live: readonly WorkerRow[];
  /** For whom nothing was due, and how many tickets had been queued by then. */
  readonly nothingDue: Map<WorkerId, number>;
}

/** The workers of this process that stand by. What they are handed is what they would take. */
export class StandingBy {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #workers = new Set<Standby>();
  readonly #turns = new WeakMap<Changes, Turn>();

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  add(standby: Standby): () => void {
    this.#workers.add(standby);
    return () => void this.#workers.delete(standby);
  }

  /**
   * Inside of a transaction that is about to create a run: the lease of its first ticket, when it would be handed at once to the worker that has prepared
   * for it. `undefined` where others come before it, the ticket or the worker: it is queued with them then.
   */
  leaseFor({ ticket: id, worker }: Begin, ticket: NewTicket, run: RunSummary, changes: Changes): Lease | undefined {
    if (changes.ready) return undefined;
    const turn = this.#turnOf(changes);
    if (ticket.notBefore > turn.now) return undefined;
    for (const standby of this.#workers) {
      const options = placesOf(standby, changes);
      const taker = turn.live.find((row) => row.id === standby.worker);
      if (options === undefined || taker === undefined || scopeOf(taker)?.has(run.root as RunId) === false) continue;
      if (standby.worker !== worker || this.#isAnyDue(taker, turn, changes)) return undefined;
      if (!roomUnder(this.#connection, options.caps, turn.live).admits({ tenant: run.tenant, worker: null })) return undefined;
      noteSeen(this.#connection, taker, turn.now);
      changes.handed.set(worker, (changes.handed.get(worker) ?? 0) + 1);
      const { runId, job, attempt, turn: turnOfJob } = ticket;
      return { id, runId, job, attempt, turn: turnOfJob, token: drawTokens(changes.counters, 1), worker, until: turn.now + options.leaseMs };
    }
    return undefined;
  }

  /** Whether somebody would take tickets that were left before. */
  wantMore(): boolean {
    return this.#workers.values().some(({ places }) => places()?.more === true);
  }

  /** Inside of a transaction that has queued tickets, or given up held ones. Answers which were handed out. */
  handOut(changes: Changes): TicketId[] {
    return [...this.#workers].flatMap((standby) => {
      const leases = this.#leasesFor(standby, changes);
      const others = leases.filter((lease) => !this.#begin(lease, changes));
      if (others.length > 0) changes.handedOut.push(() => standby.onLeases(others));
      return leases.map((lease) => lease.id);
    });
  }

  /** Whether what was prepared for this hand-out now stands in the journal. */
  #begin(lease: Lease, changes: Changes): boolean {
    const begin = changes.begins.get(lease.id);
    if (begin?.worker !== lease.worker) return false;
    const appended = appendEvents(this.#connection, { ...begin.append, events: eventsUnder(lease, begin), fence: { ticket: lease.id, token: lease.token } }, changes);
    if (appended.ok) changes.handedOut.push(() => begin.begun(lease));
    return appended.ok;
  }

  #leasesFor(standby: Standby, changes: Changes): Lease[] {
    const options = placesOf(standby, changes);
    if (options === undefined) return [];
    const { worker } = standby;
    const now = this.#clock.now();
    const live = liveWorkers(this.#connection, now);
    const taker = live.find((row) => row.id === worker);
    if (taker === undefined) return [];
    noteSeen(this.#connection, taker, now);
    const rows = dueTickets(this.#connection, { ...options, taker, live, now });
    return handOut(this.#connection, rows, { worker, until: now + options.leaseMs, counters: changes.counters });
  }

  #turnOf(changes: Changes): Turn {
    let turn = this.#turns.get(changes);
    if (turn === undefined) {
      const now = this.#clock.now();
      turn = { now, live: liveWorkers(this.#connection, now), nothingDue: new Map() };
      this.#turns.set(changes, turn);
    }
    return turn;
  }

  /** Looked for once in a transaction, and again when it has queued more. */
  #isAnyDue(taker: WorkerRow, { now, live, nothingDue }: Turn, changes: Changes): boolean {
    if (nothingDue.get(taker.id) === changes.queued.size) return false;
    if (isAnyDue(this.#connection, { taker, live, now, limit: 1 })) return true;
    nothingDue.set(taker.id, changes.queued.size);
    return false;
  }
}

/** What was prepared, under the lease that it was prepared for. */
export function eventsUnder(lease: Lease, { append }: Begin): Begin['append']['events'] {
  return append.events.map((event) => (event.type === 'job.started' ? { ...event, token: lease.token } : event));
}

/** Those that the transaction has not filled already. */
function placesOf({ worker, places }: Standby, changes: Changes): Places | undefined {
  const options = places();
  const limit = (options?.limit ?? 0) - (changes.handed.get(worker) ?? 0);
  return options === undefined || limit <= 0 ? undefined : { ...options, limit };
}

import type { TicketId, WorkerId } from '@kb-labs/contracts';
import type { Clock, Lease, TakeOptions } from '@kb-labs/ports';

import { appendEvents } from './append-events.js';
import type { Changes } from './commit-group.js';
import type { Connection } from './connection.js';
import { dueTickets, handOut } from './hand-out.js';
import { liveWorkers, noteSeen } from './workers.js';

interface Standby {
  readonly worker: WorkerId;
  readonly places: () => TakeOptions | undefined;
  readonly onLeases: (leases: Lease[]) => void;
}

/** The workers of this process that stand by. What they are handed is what they would take. */
export class StandingBy {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #workers = new Set<Standby>();

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  add(standby: Standby): () => void {
    this.#workers.add(standby);
    return () => void this.#workers.delete(standby);
  }

  /** Inside of a transaction that has queued tickets. Answers which were handed out. */
  handOut(changes: Changes): TicketId[] {
    return [...this.#workers].flatMap((standby) => {
      const leases = this.#leasesFor(standby);
      const others = leases.filter((lease) => !this.#begin(lease, changes));
      if (others.length > 0) changes.handedOut.push(() => standby.onLeases(others));
      return leases.map((lease) => lease.id);
    });
  }

  /** Whether what was prepared for this hand-out now stands in the journal. */
  #begin(lease: Lease, changes: Changes): boolean {
    const begin = changes.begins.get(lease.id);
    if (begin?.worker !== lease.worker) return false;
    const events = begin.append.events.map((event) => (event.type === 'job.started' ? { ...event, token: lease.token } : event));
    const appended = appendEvents(this.#connection, { ...begin.append, events, fence: { ticket: lease.id, token: lease.token } }, changes);
    if (appended.ok) changes.handedOut.push(() => begin.begun(lease));
    return appended.ok;
  }

  #leasesFor({ worker, places }: Standby): Lease[] {
    const options = places();
    if (options === undefined || options.limit <= 0) return [];
    const now = this.#clock.now();
    const live = liveWorkers(this.#connection, now);
    const taker = live.find((row) => row.id === worker);
    if (taker === undefined) return [];
    noteSeen(this.#connection, taker, now);
    const rows = dueTickets(this.#connection, { ...options, taker, live, now });
    return handOut(this.#connection, rows, { worker, until: now + options.leaseMs });
  }
}

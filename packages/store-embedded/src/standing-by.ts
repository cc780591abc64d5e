import type { TicketId, WorkerId } from '@kb-labs/contracts';
import type { Clock, Lease, TakeOptions } from '@kb-labs/ports';

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
      if (leases.length > 0) changes.handedOut.push(() => standby.onLeases(leases));
      return leases.map((lease) => lease.id);
    });
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

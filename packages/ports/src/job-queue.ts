import type { RunId, TicketId, TicketPlace, WorkerId } from '@kb-labs/contracts';

/** A job to hand out: three ids and when. The journal is the state; a lost or doubled ticket is harmless. */
export interface NewTicket extends TicketPlace {
  /** Not handed out before, in milliseconds since the epoch. */
  readonly notBefore: number;
}

/** Proof of holding a ticket. `token` grows with every hand-out of a ticket, so that a late writer is refused. */
export interface Fence {
  readonly ticket: TicketId;
  readonly token: number;
}

export interface Lease extends TicketPlace {
  readonly id: TicketId;
  readonly token: number;
  readonly worker: WorkerId;
  /** Milliseconds since the epoch; a lease not renewed by then can be taken over. */
  readonly until: number;
}

/** Who takes tickets. `scope` limits a worker to some runs; left out, it serves all. */
export interface WorkerInfo {
  readonly id: WorkerId;
  readonly scope?: readonly RunId[];
}

export interface QueuedTicket extends NewTicket {
  readonly id: TicketId;
  readonly lease?: { readonly worker: WorkerId; readonly token: number; readonly until: number; readonly alive: boolean };
}

export interface JobQueue {
  /** Makes a worker known; it counts as alive until it leaves or its process is gone. */
  join(worker: WorkerInfo): Promise<void>;
  leave(worker: WorkerId): Promise<void>;
  /**
   * Hands out up to `limit` due tickets that nobody holds, or whose holder is dead or has let its lease run out.
   * Each gets a new token. A worker that has not joined, or has left, gets none.
   */
  take(worker: WorkerId, options: { limit: number; leaseMs: number }): Promise<Lease[]>;
  /** Extends leases; answers those that are still valid: also one that ran out, until somebody takes the ticket over. */
  renew(leases: readonly Lease[], leaseMs: number): Promise<Lease[]>;
  /** Gives tickets back at once, unharmed, for another worker. */
  release(leases: readonly Lease[]): Promise<void>;
  /** Removes held tickets that turned out to have nothing to do. Refused, without an error, when the lease is not valid any more. */
  discard(leases: readonly Lease[]): Promise<void>;
  /** Queues tickets of open runs that are missing, and says how many; those that are there stay as they are. For the reconciler. */
  ensure(tickets: readonly NewTicket[]): Promise<number>;
  /** The tickets of a run, held or not. */
  ticketsOf(runId: RunId): Promise<QueuedTicket[]>;
  /** Which of these runs have a live worker that serves them. */
  served(runIds: readonly RunId[]): Promise<ReadonlySet<RunId>>;
  /** When the next ticket this worker could take falls due, or its lease runs out (its own included); `undefined` when there is none. Past instants mean now. */
  nextDue(worker: WorkerId): Promise<number | undefined>;
  /** Calls back when a ticket may have become takeable, whichever process queued it. A hint, like `EventLog.watch`. */
  onReady(callback: () => void): () => void;
}

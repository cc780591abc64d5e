import type { RunId, TicketId, TicketPlace, WorkerId } from '@kb-labs/contracts';

/** A job to hand out: three ids and when. The journal is the state; a lost or doubled ticket is harmless. */
export interface NewTicket extends TicketPlace {
  /** Not handed out before, in milliseconds since the epoch. */
  readonly notBefore: number;
  /** Among those that are due, `high` is handed out first and `low` last. Absent: in between. */
  readonly priority?: 'high' | 'low';
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

/** Who takes tickets. `scope` limits a worker to the trees below some runs (`RunSummary.root`); left out, it serves all. */
export interface WorkerInfo {
  readonly id: WorkerId;
  readonly scope?: readonly RunId[];
}

export interface TakeOptions {
  readonly limit: number;
  readonly leaseMs: number;
  /**
   * How many tickets may be held at once by live workers, of all runs and of the runs of one tenant. A lease that ran out
   * still counts while its worker lives; its ticket can be taken over without room for another one.
   */
  readonly caps?: {
    readonly total?: number;
    readonly perTenant?: number;
    /** Of the tenants that are named, in place of `perTenant`. */
    readonly ofTenant?: Readonly<Record<string, number>>;
  };
}

/** What a worker that stands by can be handed. */
export interface Places extends TakeOptions {
  /** There may be tickets that were left before: a write that gives up held ones hands them out too, where the store can. */
  readonly more?: boolean;
}

export interface QueuedTicket extends NewTicket {
  readonly id: TicketId;
  /** Its owner is not first in a concurrency group. */
  readonly parked?: true;
  readonly lease?: { readonly worker: WorkerId; readonly token: number; readonly until: number; readonly alive: boolean };
}

export interface QueueCounts {
  /** Handed out and neither given back nor done with, whatever has become of the worker. */
  readonly held: number;
  /** Held by nobody, not parked, and due. */
  readonly due: number;
  /** Held by nobody, and parked or not due yet. */
  readonly later: number;
}

export interface JobQueue {
  /** Makes a worker known; it counts as alive until it leaves or its process is gone. */
  join(worker: WorkerInfo): Promise<void>;
  leave(worker: WorkerId): Promise<void>;
  /**
   * Hands out up to `limit` due tickets that nobody holds, or whose holder is dead or has let its lease run out.
   * Each gets a new token. A worker that has not joined, or has left, gets none. Tickets whose owner waits in a
   * concurrency group are not handed out.
   *
   * Those of one tenant go out by priority, then as they fell due, then as they were queued. Tenants share those of one
   * priority: the next ticket is that of the tenant that holds the fewest, what this call has handed out included; among
   * tenants that hold as many, the one that fell due first, then the one that was queued first. What live workers hold counts,
   * as it does for caps; a ticket that is taken over from one is not counted against itself.
   */
  take(worker: WorkerId, options: TakeOptions): Promise<Lease[]>;
  /**
   * Lets a worker stand by, until the returned function is called: tickets that are queued by way of this store are handed out in the same write that
   * queues them, as `take` would hand out as many right after it; not for a write that claims a place in a group, whose writer may have to make others
   * give way first. `places` says how many when asked, inside of the write and perhaps more than once for
   * it; `onLeases` is called once the write is durable, before whoever asked for it is answered and before `places` is asked again; it does not throw. A store that cannot do that leaves it out: then workers take.
   */
  standBy?(worker: WorkerId, places: () => Places | undefined, onLeases: (leases: Lease[]) => void): () => void;
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
  /** How many tickets there are, of all runs. */
  counts(): Promise<QueueCounts>;
  /** Which of these runs have a live worker that serves them. One that is not there yet is taken for the top of its own tree. */
  served(runIds: readonly RunId[]): Promise<ReadonlySet<RunId>>;
  /** When the next ticket this worker could take falls due, or its lease runs out (its own included); `undefined` when there is none. Past instants mean now. */
  nextDue(worker: WorkerId): Promise<number | undefined>;
  /**
   * Calls back when a ticket may have become takeable, whichever process queued it. A hint, like `EventLog.watch`. `room`: nothing new can be taken
   * but for caps, because fewer are held. What has been handed to a worker that stood by is not told of.
   */
  onReady(callback: (only?: 'room') => void): () => void;
}

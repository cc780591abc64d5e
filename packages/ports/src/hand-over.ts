import type { RunId, TicketId, WorkerId } from '@kb-labs/contracts';

import type { Lease, TakeOptions } from './job-queue.js';

/** A ticket that may be brought to a worker by somebody else than the store. */
export interface Offer {
  readonly ticket: TicketId;
  readonly runId: RunId;
  /** Greater each time the ticket is offered anew, and the same while an offer is repeated: with the ticket it names one hand-over. */
  readonly handOut: number;
  readonly priority?: 'high' | 'low';
}

/**
 * For a delivery engine beside a store: it is told which tickets to bring to workers, and workers take what was brought to
 * them. The store stays the one that decides: an offer is a hint, gives nobody anything, and may be lost or doubled.
 * Offered tickets are also handed out by `JobQueue.take`.
 */
export interface HandOver {
  /** Whether others than this process have workers, as far as it has heard: of one that joins or leaves it hears within seconds. Until a worker has joined here they may have. */
  isShared(): boolean;
  /**
   * Offers tickets that `JobQueue.take` would hand out to a worker of all runs, in the same order and within the same caps,
   * until `window` are offered and not taken. What is offered and not taken counts as if it were held, against the caps and
   * for the shares of tenants. Answers the new offers, and repeats those that were made a while ago: what was
   * lost on the way is brought again. An offer ends when its ticket is taken, removed, parked or refused for want of room.
   */
  offer(options: { readonly window: number; readonly caps?: TakeOptions['caps'] }): Promise<Offer[]>;
  /** Like `JobQueue.take`, of exactly these tickets. One that is held, parked, gone, not due or without room is not given. The limit counts tickets given. Where those of one tenant are brought, they are given in the order named; those of several are shared out as `take` does, each tenant's in the order named. */
  takeOffered(worker: WorkerId, tickets: readonly TicketId[], options: TakeOptions): Promise<Lease[]>;
}

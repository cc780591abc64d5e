import type { RunEvent, RunEventBody, RunId, RunSummary, TicketId, WorkerId } from '@kb-labs/contracts';

import type { StoredBlob } from './blobs.js';
import type { NewClaim } from './claims.js';
import type { Fence, Lease, NewTicket } from './job-queue.js';

/**
 * The journals of all runs. One append is atomic: its events, its tickets and the run's summary row are all
 * durable when the promise resolves, or none of them is.
 */
export interface EventLog {
  append(command: Append): Promise<AppendResult>;
  /**
   * Opens a journal with its first events. With a key that is already known nothing is written; nor with a run id that is
   * there already: the same command came before and its answer was lost, so it is answered again. `begin` is for a store whose queue lets workers
   * stand by; any other pays no heed to it.
   */
  create(command: Create, begin?: Begin): Promise<CreateResult>;
  /** Events with `seq > after`, in order; everything there is when called, unless `limit` says less. */
  read(runId: RunId, after: number, limit?: number): Promise<RunEvent[]>;
  /**
   * Calls back whenever the journal of `runId` (or of any run, for `null`) may have grown, whichever process wrote.
   * A hint: calls can be merged or superfluous, never missing for longer than the adapter's check interval. What an adapter
   * knows of the run without reading comes along; nothing when it knows nothing, and when all runs are watched.
   */
  watch(runId: RunId | null, onChange: (change?: RunChange) => void): () => void;
}

/** How a journal stands after a change, whoever made it. */
export interface RunChange {
  /** The last event that was appended as a decision. A later one brings another call. */
  readonly decided: number;
  readonly ended: boolean;
}

export interface Append {
  readonly runId: RunId;
  /**
   * The last sequence number this decision was made on: refused when another decision came after it. Left out, the events
   * are a record, not a decision: nothing that others decide depends on them (a step's start and end), and their fence is
   * their only condition. Records do not make decisions conflict.
   */
  readonly expected?: number;
  /** Refused unless this lease is still the valid one of its ticket. */
  readonly fence?: Fence;
  /** The same for what several jobs have come to, as one decision: refused unless all of these leases are valid. */
  readonly fences?: readonly Fence[];
  readonly at: number;
  readonly events: readonly RunEventBody[];
  /** One that has ended ends the run: its tickets are gone, and none can be queued for it any more. */
  readonly summary?: RunSummary;
  /** Tickets that are done with or no longer wanted. They go before `enqueue` comes, so that one can be queued anew. */
  readonly settle?: readonly TicketId[];
  /**
   * Tickets to hand out from now on. A ticket whose id is queued already is left as it is. Those of the append that ends a
   * run stay: they are what is left to do afterwards.
   */
  readonly enqueue?: readonly NewTicket[];
  /** Places to take in concurrency groups, before `enqueue` is looked at. */
  readonly claim?: readonly NewClaim[];
  /** Jobs whose claim ends, before `claim` is looked at. All claims of a run end with it. */
  readonly unclaim?: readonly string[];
  /** Bytes that the events refer to. They are kept as long as a run that refers to them, or its artifacts. */
  readonly blobs?: readonly StoredBlob[];
  /** What begins and ceases to wait for something from outside. All waits of a run end with it. */
  readonly waits?: { readonly open: readonly NewWait[]; readonly close: readonly { readonly job: string }[] };
}

/** A step that waits for something from outside, for those who look for it. Opening what is open leaves it as it is. */
export interface NewWait {
  readonly job: string;
  readonly step: string;
  readonly kind: 'approval' | 'signal' | 'callback';
  /** Of a signal. */
  readonly name?: string;
}

export type AppendResult =
  | { readonly ok: true; readonly seq: number }
  /** `conflict`: a decision came after `expected`. `fenced`: the lease is not valid any more. `closed`: the run has ended. */
  | { readonly ok: false; readonly refused: 'conflict' | 'fenced' | 'closed' | 'absent' };

export interface Create {
  readonly runId: RunId;
  readonly at: number;
  /** `run.started`, and whatever follows from it at once. */
  readonly events: readonly RunEventBody[];
  readonly summary: RunSummary;
  readonly enqueue: readonly NewTicket[];
  readonly claim?: readonly NewClaim[];
  /** As in `Append`: what a run that keeps results of an earlier one refers to from its first event on. */
  readonly blobs?: readonly StoredBlob[];
  readonly idempotency?: {
    /** Outlives its run: with the key of a run that was removed, its id is answered all the same. */
    readonly key: string;
    /** Of the request: the same key with another one is a conflict. */
    readonly digest: string;
    /** The key is kept at least until then, in milliseconds since the epoch. */
    readonly keepUntil: number;
  };
  /** Refused when this many runs are open. */
  readonly maxOpenRuns: number;
}

/** The first job of a new run, begun in the write that creates the run when its turn has come. */
export interface Begin {
  /** One of the tickets that are queued. */
  readonly ticket: TicketId;
  /** Who would run it: a worker that stands by. */
  readonly worker: WorkerId;
  /**
   * How the journal goes on when that worker is handed that ticket in this very write: under the lease, whose token its `job.started` is given.
   * Otherwise nothing of it happens.
   */
  readonly append: Append;
  /** Called then with the lease, in place of `onLeases` of `standBy` and at the same time. */
  readonly begun: (lease: Lease) => void;
}

export type CreateResult =
  | { readonly ok: true; readonly runId: RunId; readonly repeated: boolean }
  | { readonly ok: false; readonly refused: 'key-conflict' | 'full' };

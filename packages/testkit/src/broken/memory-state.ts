import { isTerminalRun, type LogLine, type RunEvent, type RunId, type RunSummary, TIME_LIMIT, type TicketId, toTicketId, type WorkerId } from '@kb-labs/contracts';
import type { Begin, ClaimOwner, Fence, Lease, NewClaim, NewTicket, OpenWait } from '@kb-labs/ports';

import { type FakeClock, fakeClock } from '../fake-clock.js';
import type { Fault } from './fault.js';

export interface MemoryRun {
  readonly events: RunEvent[];
  readonly lines: LogLine[];
  summary: RunSummary;
  decided: number;
  /** When it ended, and what it took up then. */
  endedAt?: number;
  /** Digests it refers to, with their bytes. */
  readonly blobs: Map<string, number>;
  artifactBytes: number;
}

export interface MemoryTicket {
  readonly ticket: NewTicket;
  /** Of a store that looks at claims when a ticket is queued, and not again. */
  readonly free?: true;
  lease?: Lease;
}

export interface MemoryRecord {
  readonly version: number;
  readonly json: string;
  readonly expiresAt: number;
}

/** In the order they were asked for, of all groups. */
export type MemoryClaim = NewClaim & ClaimOwner;

/** What the faults act on, shared by every handle on one store. */
export class MemoryState {
  readonly clock: FakeClock = fakeClock();
  readonly fault: Fault | undefined;
  readonly runs = new Map<RunId, MemoryRun>();
  readonly tickets = new Map<TicketId, MemoryTicket>();
  readonly keys = new Map<string, { runId: RunId; digest: string; keepUntil: number }>();
  readonly workers = new Map<WorkerId, readonly RunId[] | undefined>();
  readonly watchers = new Set<{ topic: string; callback: () => void }>();
  /** Each hands out to a worker that stands by, and answers how many that were. */
  readonly standingBy = new Set<() => number>();
  /** What is to be done with tickets that are queued. */
  readonly begins = new Map<TicketId, Begin>();
  readonly claims: MemoryClaim[] = [];
  readonly waits: OpenWait[] = [];
  readonly records = new Map<string, MemoryRecord>();
  /** Blobs that no run refers to any more, by when. */
  readonly unused = new Map<string, number>();
  cursor = 0;
  token = 0;

  constructor(fault: Fault | undefined) {
    this.fault = fault;
  }

  has(fault: Fault): boolean {
    return this.fault === fault;
  }

  isEnded(runId: RunId): boolean {
    const run = this.runs.get(runId);
    return run === undefined || isTerminalRun(run.summary.status);
  }

  isHeld(fence: Fence): boolean {
    return this.tickets.get(fence.ticket)?.lease?.token === fence.token;
  }

  /** Queues for open runs, and for the run `evenEnded`; hands out to who stands by, unless places in groups are claimed with it. */
  queue(tickets: readonly NewTicket[], { evenEnded, claims = [] }: { evenEnded?: RunId; claims?: readonly NewClaim[] | undefined } = {}): number {
    let added = 0;
    for (const ticket of tickets) {
      const id = toTicketId(ticket);
      if (this.isEnded(ticket.runId) && ticket.runId !== evenEnded && !this.has('runs that have ended are queued for')) continue;
      if (this.tickets.has(id) && !this.has('a queued ticket is overwritten')) continue;
      const free = this.has('what is queued already is not held back') && !this.isParked({ ticket });
      this.tickets.set(id, free ? { ticket, free } : { ticket });
      added += 1;
    }
    if (added === 0) return added;
    const handedOut = claims.length > 0 && !this.has('who has to make way is begun') ? 0 : [...this.standingBy].reduce((sum, serve) => sum + serve(), 0);
    if (handedOut < added || this.has('what was handed out at once is told as queued')) this.tell('ready');
    return added;
  }

  /** Whether somebody stands before the owner of a ticket. */
  isParked({ ticket, free }: MemoryTicket): boolean {
    if (free === true || this.has('claims hold nothing back')) return false;
    if (ticket.job === TIME_LIMIT && !this.has('the end of time is held back')) return false;
    const own = this.claims.filter((claim) => claim.runId === ticket.runId && (claim.job === null || claim.job === ticket.job));
    const waiting = own.filter((claim) => this.aheadOf(claim).length > 0);
    return waiting.length > 0 && (waiting.length === own.length || !this.has('one of two claims is enough'));
  }

  aheadOf(claim: MemoryClaim): MemoryClaim[] {
    return this.claims.slice(0, this.claims.indexOf(claim)).filter((each) => each.group === claim.group);
  }

  watch(topic: string, callback: () => void): () => void {
    const watcher = { topic, callback };
    this.watchers.add(watcher);
    return () => void (this.has('watchers are told for ever') || this.watchers.delete(watcher));
  }

  /** Fewer tickets are held: under a cap, another one can go out. */
  tellOfRoom(): void {
    if (!this.has('a place that comes free is not told')) this.tell('ready');
  }

  tell(...topics: string[]): void {
    if (this.has('watchers are not told')) return;
    for (const watcher of [...this.watchers]) if (topics.includes(watcher.topic)) watcher.callback();
  }
}

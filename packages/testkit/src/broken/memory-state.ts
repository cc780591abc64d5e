import { isTerminalRun, type LogLine, type RunEvent, type RunId, type RunSummary, type TicketId, toTicketId, type WorkerId } from '@kb-labs/contracts';
import type { Fence, Lease, NewTicket } from '@kb-labs/ports';

import { type FakeClock, fakeClock } from '../fake-clock.js';
import type { Fault } from './fault.js';

export interface MemoryRun {
  readonly events: RunEvent[];
  readonly lines: LogLine[];
  summary: RunSummary;
  decided: number;
}

export interface MemoryTicket {
  readonly ticket: NewTicket;
  lease?: Lease;
}

/** What the faults act on, shared by every handle on one store. */
export class MemoryState {
  readonly clock: FakeClock = fakeClock();
  readonly fault: Fault | undefined;
  readonly runs = new Map<RunId, MemoryRun>();
  readonly tickets = new Map<TicketId, MemoryTicket>();
  readonly keys = new Map<string, { runId: RunId; digest: string }>();
  readonly workers = new Map<WorkerId, readonly RunId[] | undefined>();
  readonly watchers = new Set<{ topic: string; callback: () => void }>();
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

  queue(tickets: readonly NewTicket[]): number {
    let added = 0;
    for (const ticket of tickets) {
      const id = toTicketId(ticket);
      if (this.isEnded(ticket.runId) && !this.has('runs that have ended are queued for')) continue;
      if (this.tickets.has(id) && !this.has('a queued ticket is overwritten')) continue;
      this.tickets.set(id, { ticket });
      added += 1;
    }
    return added;
  }

  watch(topic: string, callback: () => void): () => void {
    const watcher = { topic, callback };
    this.watchers.add(watcher);
    return () => void (this.has('watchers are told for ever') || this.watchers.delete(watcher));
  }

  tell(...topics: string[]): void {
    if (this.has('watchers are not told')) return;
    for (const watcher of [...this.watchers]) if (topics.includes(watcher.topic)) watcher.callback();
  }
}

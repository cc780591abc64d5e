import { type RunId, type TicketId, toTicketId, type WorkerId } from '@kb-labs/contracts';
import type { Append, AppendResult, Fence, Lease, NewTicket, QueuedTicket } from '@kb-labs/ports';

interface ModelRun {
  head: number;
  decided: number;
  ended: boolean;
}

interface ModelTicket {
  readonly ticket: NewTicket;
  lease?: { readonly worker: WorkerId; readonly token: number; until: number };
}

/**
 * What journals and tickets must do, small enough to be seen to be right: the oracle for random interleavings.
 * Tickets stand in the order they were queued.
 */
export class StoreModel {
  now: number;
  readonly #runs = new Map<RunId, ModelRun>();
  readonly #tickets = new Map<TicketId, ModelTicket>();
  readonly #workers = new Set<WorkerId>();

  constructor(now: number, runs: readonly RunId[]) {
    this.now = now;
    for (const run of runs) this.#runs.set(run, { head: 1, decided: 1, ended: false });
  }

  headOf(runId: RunId): number {
    return this.#runs.get(runId)?.head ?? 0;
  }

  join(worker: WorkerId): void {
    this.#workers.add(worker);
  }

  leave(worker: WorkerId): void {
    this.#workers.delete(worker);
  }

  ensure(tickets: readonly NewTicket[]): number {
    let added = 0;
    for (const ticket of tickets) {
      const id = toTicketId(ticket);
      if (this.#tickets.has(id) || this.#runs.get(ticket.runId)?.ended !== false) continue;
      this.#tickets.set(id, { ticket });
      added += 1;
    }
    return added;
  }

  /** The tickets a worker must be given, in order. */
  takeable(worker: WorkerId, limit: number): TicketId[] {
    if (!this.#workers.has(worker)) return [];
    return [...this.#tickets]
      .filter(([, { ticket, lease }]) => ticket.notBefore <= this.now && (lease === undefined || this.#isGone(lease)))
      .sort(([, a], [, b]) => a.ticket.notBefore - b.ticket.notBefore)
      .slice(0, limit)
      .map(([id]) => id);
  }

  taken(lease: Lease): void {
    const held = this.#tickets.get(lease.id);
    if (held !== undefined) held.lease = { worker: lease.worker, token: lease.token, until: lease.until };
  }

  /** Whether the lease was valid, and so was extended. */
  renew(lease: Lease, until: number): boolean {
    const held = this.#held({ ticket: lease.id, token: lease.token });
    if (held?.lease !== undefined) held.lease.until = until;
    return held !== undefined;
  }

  release(lease: Lease): void {
    const held = this.#held({ ticket: lease.id, token: lease.token });
    if (held !== undefined) delete held.lease;
  }

  discard(lease: Lease): void {
    if (this.#held({ ticket: lease.id, token: lease.token }) !== undefined) this.#tickets.delete(lease.id);
  }

  append(command: Append): AppendResult {
    const run = this.#runs.get(command.runId);
    if (run === undefined) return { ok: false, refused: 'absent' };
    if (command.fence !== undefined && this.#held(command.fence) === undefined) return { ok: false, refused: 'fenced' };
    if (run.ended) return { ok: false, refused: 'closed' };
    if (command.expected !== undefined && command.expected < run.decided) return { ok: false, refused: 'conflict' };
    run.head += command.events.length;
    if (command.expected !== undefined) run.decided = run.head;
    run.ended = command.events.some((event) => event.type === 'run.finished');
    for (const id of command.settle ?? []) this.#tickets.delete(id);
    if (run.ended) for (const [id, { ticket }] of this.#tickets) if (ticket.runId === command.runId) this.#tickets.delete(id);
    this.ensure(command.enqueue ?? []);
    return { ok: true, seq: run.head };
  }

  ticketsOf(runId: RunId): QueuedTicket[] {
    return [...this.#tickets].flatMap(([id, { ticket, lease }]) => {
      if (ticket.runId !== runId) return [];
      return [lease === undefined ? { ...ticket, id } : { ...ticket, id, lease: { ...lease, alive: this.#workers.has(lease.worker) } }];
    });
  }

  isHeld(fence: Fence): boolean {
    return this.#held(fence) !== undefined;
  }

  #held(fence: Fence): ModelTicket | undefined {
    const found = this.#tickets.get(fence.ticket);
    return found?.lease?.token === fence.token ? found : undefined;
  }

  #isGone(lease: { worker: WorkerId; until: number }): boolean {
    return lease.until <= this.now || !this.#workers.has(lease.worker);
  }
}

import { type RunId, TIME_LIMIT, type TicketId, toTicketId, type WorkerId } from '@kb-labs/contracts';
import type { Append, AppendResult, ClaimOwner, Fence, Lease, NewClaim, NewTicket, OpenClaim, QueuedTicket, TakeOptions } from '@kb-labs/ports';

import { capOf } from '../cap-of.js';

type ModelClaim = NewClaim & ClaimOwner;

interface ModelRun {
  readonly tenant: string;
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
 * Tickets stand in the order they were queued, claims in the order they were asked for.
 */
export class StoreModel {
  now: number;
  readonly #runs = new Map<RunId, ModelRun>();
  readonly #tickets = new Map<TicketId, ModelTicket>();
  readonly #workers = new Set<WorkerId>();
  #claims: ModelClaim[] = [];

  constructor(now: number, runs: ReadonlyMap<RunId, string>) {
    this.now = now;
    for (const [run, tenant] of runs) this.#runs.set(run, { tenant, head: 1, decided: 1, ended: false });
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

  isEnded(runId: RunId): boolean {
    return this.#runs.get(runId)?.ended !== false;
  }

  ensure(tickets: readonly NewTicket[], evenEnded?: RunId): number {
    let added = 0;
    for (const ticket of tickets) {
      const id = toTicketId(ticket);
      if (this.#tickets.has(id) || (this.isEnded(ticket.runId) && ticket.runId !== evenEnded)) continue;
      this.#tickets.set(id, { ticket });
      added += 1;
    }
    return added;
  }

  /** The tickets a worker must be given, in order. */
  takeable(worker: WorkerId, { limit, caps }: Pick<TakeOptions, 'limit' | 'caps'>): TicketId[] {
    if (!this.#workers.has(worker)) return [];
    const held = [...this.#tickets.values()].filter((each) => this.#takesRoom(each));
    const heldBeside = (each: ModelTicket): number => held.filter((other) => other !== each && this.#tenantOf(other) === this.#tenantOf(each)).length;
    const fits = (each: ModelTicket): boolean =>
      this.#takesRoom(each) || (held.length < (caps?.total ?? Infinity) && heldBeside(each) < capOf(caps, this.#tenantOf(each)));
    const due = [...this.#tickets].filter(
      ([, { ticket, lease }]) => ticket.notBefore <= this.now && (lease === undefined || this.#isGone(lease)) && !this.#isParked(ticket),
    );
    due.sort(([, a], [, b]) => rankOf(a.ticket) - rankOf(b.ticket) || a.ticket.notBefore - b.ticket.notBefore);
    const given: TicketId[] = [];
    while (given.length < limit) {
      const possible = due.filter(([id, each]) => !given.includes(id) && fits(each));
      // Of each tenant its first; of those with the best priority one whose tenant holds the fewest.
      const firsts = [...Map.groupBy(possible, ([, each]) => this.#tenantOf(each)).values()].flatMap((own) => own.slice(0, 1));
      firsts.sort((a, b) => rankOf(a[1].ticket) - rankOf(b[1].ticket) || heldBeside(a[1]) - heldBeside(b[1]) || due.indexOf(a) - due.indexOf(b));
      const [next] = firsts;
      if (next === undefined) break;
      if (!this.#takesRoom(next[1])) held.push(next[1]);
      given.push(next[0]);
    }
    return given;
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
    this.#claims = this.#claims.filter((claim) => claim.runId !== command.runId || !command.unclaim?.some((job) => job === claim.job));
    for (const claim of command.claim ?? []) this.#place({ ...claim, runId: command.runId });
    for (const id of command.settle ?? []) this.#tickets.delete(id);
    if (run.ended) this.#claims = this.#claims.filter((claim) => claim.runId !== command.runId);
    if (run.ended) for (const [id, { ticket }] of this.#tickets) if (ticket.runId === command.runId) this.#tickets.delete(id);
    this.ensure(command.enqueue ?? [], command.runId);
    return { ok: true, seq: run.head };
  }

  ticketsOf(runId: RunId): QueuedTicket[] {
    return [...this.#tickets].flatMap(([id, { ticket, lease }]) => {
      if (ticket.runId !== runId) return [];
      const queued: QueuedTicket = this.#isParked(ticket) ? { ...ticket, id, parked: true } : { ...ticket, id };
      return [lease === undefined ? queued : { ...queued, lease: { ...lease, alive: this.#workers.has(lease.worker) } }];
    });
  }

  claimsOf(runId: RunId): OpenClaim[] {
    return this.#claims
      .filter((claim) => claim.runId === runId)
      .map((claim) => {
        const ahead = this.#aheadOf(claim).map((each) => ({ runId: each.runId, job: each.job }));
        return { ...claim, ahead, aheadCount: ahead.length };
      });
  }

  isHeld(fence: Fence): boolean {
    return this.#held(fence) !== undefined;
  }

  #place(claim: ModelClaim): void {
    const index = this.#claims.findIndex((each) => each.runId === claim.runId && each.job === claim.job);
    if (this.#claims[index]?.group === claim.group) return;
    if (index >= 0) this.#claims.splice(index, 1);
    this.#claims.push(claim);
  }

  #isParked(ticket: NewTicket): boolean {
    const own = this.#claims.filter((claim) => claim.runId === ticket.runId && (claim.job === null || claim.job === ticket.job));
    return ticket.job !== TIME_LIMIT && own.some((claim) => this.#aheadOf(claim).length > 0);
  }

  #aheadOf(claim: ModelClaim): ModelClaim[] {
    return this.#claims.slice(0, this.#claims.indexOf(claim)).filter((each) => each.group === claim.group);
  }

  #takesRoom({ lease }: ModelTicket): boolean {
    return lease !== undefined && this.#workers.has(lease.worker);
  }

  #tenantOf({ ticket }: ModelTicket): string | undefined {
    return this.#runs.get(ticket.runId)?.tenant;
  }

  #held(fence: Fence): ModelTicket | undefined {
    const found = this.#tickets.get(fence.ticket);
    return found?.lease?.token === fence.token ? found : undefined;
  }

  #isGone(lease: { worker: WorkerId; until: number }): boolean {
    return lease.until <= this.now || !this.#workers.has(lease.worker);
  }
}

function rankOf({ priority }: NewTicket): number {
  return ['high', undefined, 'low'].indexOf(priority);
}

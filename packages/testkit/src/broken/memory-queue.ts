import type { RunId, TicketId, WorkerId } from '@kb-labs/contracts';
import type { JobQueue, Lease, QueuedTicket } from '@kb-labs/ports';

import type { MemoryState, MemoryTicket } from './memory-state.js';

export function jobQueueOf(state: MemoryState): JobQueue {
  return {
    join: (worker) => Promise.resolve(void state.workers.set(worker.id, worker.scope)),
    leave: (worker) => Promise.resolve(void (state.has('a worker that left still counts') || state.workers.delete(worker))),
    take: (worker, options) => Promise.resolve(take(state, worker, options)),
    renew: (leases, leaseMs) => Promise.resolve(renew(state, leases, leaseMs)),
    release(leases) {
      for (const lease of leases) if (state.isHeld(fenceOf(lease)) || state.has('a late release counts')) delete state.tickets.get(lease.id)?.lease;
      state.tell('ready');
      return Promise.resolve();
    },
    discard(leases) {
      for (const lease of leases) if (state.isHeld(fenceOf(lease)) || state.has('a late discard counts')) state.tickets.delete(lease.id);
      return Promise.resolve();
    },
    ensure(tickets) {
      const added = state.queue(tickets);
      state.tell('ready');
      return Promise.resolve(added);
    },
    ticketsOf: (runId) => Promise.resolve(ticketsOf(state, runId)),
    served: (runIds) => Promise.resolve(new Set(runIds.filter((runId) => [...state.workers.values()].some((scope) => scope?.includes(runId) !== false)))),
    nextDue: (worker) => Promise.resolve(nextDue(state, worker)),
    onReady: (callback) => state.watch('ready', callback),
  };
}

function take(state: MemoryState, worker: WorkerId, options: { limit: number; leaseMs: number }): Lease[] {
  const now = state.clock.now();
  const due = reachable(state, worker).filter(
    ([, { ticket, lease }]) =>
      (ticket.notBefore <= now || state.has('tickets are handed out early')) && (lease === undefined || isGone(state, lease)),
  );
  due.sort(([, a], [, b]) => a.ticket.notBefore - b.ticket.notBefore);
  if (state.has('the newest ticket goes first')) due.reverse();
  return due.slice(0, options.limit).map(([id, held]) => {
    state.token += 1;
    const token = state.has('tokens start again') ? 1 : state.token;
    const { runId, job, attempt, turn } = held.ticket;
    const lease = { id, runId, job, attempt, turn, token, worker, until: now + options.leaseMs };
    if (!state.has('a ticket is held twice')) held.lease = lease;
    return lease;
  });
}

function renew(state: MemoryState, leases: readonly Lease[], leaseMs: number): Lease[] {
  return leases.flatMap((lease) => {
    const held = state.tickets.get(lease.id);
    if (held === undefined || !state.isHeld(fenceOf(lease))) return [];
    if (state.has('a lease that ran out is lost') && isGone(state, lease)) return [];
    held.lease = { ...lease, until: state.clock.now() + leaseMs };
    return [held.lease];
  });
}

function ticketsOf(state: MemoryState, runId: RunId): QueuedTicket[] {
  return [...state.tickets].flatMap(([id, { ticket, lease }]) => {
    if (ticket.runId !== runId) return [];
    if (lease === undefined) return [{ ...ticket, id }];
    return [{ ...ticket, id, lease: { worker: lease.worker, token: lease.token, until: lease.until, alive: state.workers.has(lease.worker) } }];
  });
}

function nextDue(state: MemoryState, worker: WorkerId): number | undefined {
  const due = reachable(state, worker).map(([, { ticket, lease }]) => (lease === undefined || isGone(state, lease) ? ticket.notBefore : lease.until));
  return due.length === 0 ? undefined : Math.min(...due);
}

function reachable(state: MemoryState, worker: WorkerId): [TicketId, MemoryTicket][] {
  if (!state.workers.has(worker) && !state.has('anybody may take')) return [];
  const scope = state.has('scopes are not looked at') ? undefined : state.workers.get(worker);
  return [...state.tickets].filter(([, { ticket }]) => scope?.includes(ticket.runId) !== false);
}

function isGone(state: MemoryState, lease: Lease): boolean {
  if (state.has('leases last for ever')) return false;
  return state.has('leases end at once') || lease.until <= state.clock.now() || !state.workers.has(lease.worker);
}

function fenceOf(lease: Lease): { ticket: TicketId; token: number } {
  return { ticket: lease.id, token: lease.token };
}

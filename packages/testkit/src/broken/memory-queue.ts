import type { RunId, TicketId, WorkerId } from '@kb-labs/contracts';
import type { JobQueue, Lease, NewTicket, QueueCounts, QueuedTicket, TakeOptions } from '@kb-labs/ports';

import { capOf } from '../cap-of.js';
import { beginJob } from './memory-log.js';
import type { MemoryState, MemoryTicket } from './memory-state.js';

export function jobQueueOf(state: MemoryState): JobQueue {
  return {
    join: (worker) => Promise.resolve(void state.workers.set(worker.id, worker.scope)),
    leave: (worker) => Promise.resolve(void (state.has('a worker that left still counts') || state.workers.delete(worker))),
    take: (worker, options) => Promise.resolve(take(state, worker, options)),
    standBy(worker, places, onLeases) {
      const serve = (): number => {
        const options = state.has('who stands by is not asked for places') ? { limit: 1, leaseMs: 1_000 } : places();
        const leases = options === undefined ? [] : take(state, worker, options);
        const others = leases.filter((lease) => !beginJob(state, lease));
        if (others.length > 0) onLeases(others);
        return leases.length;
      };
      state.standingBy.add(serve);
      return () => void (state.has('who stands by does so for ever') || state.standingBy.delete(serve));
    },
    renew: (leases, leaseMs) => Promise.resolve(renew(state, leases, leaseMs)),
    release(leases) {
      for (const lease of leases) if (state.isHeld(fenceOf(lease)) || state.has('a late release counts')) delete state.tickets.get(lease.id)?.lease;
      state.tell('ready');
      return Promise.resolve();
    },
    discard(leases) {
      for (const lease of leases) if (state.isHeld(fenceOf(lease)) || state.has('a late discard counts')) state.tickets.delete(lease.id);
      state.tellOfRoom();
      return Promise.resolve();
    },
    ensure(tickets) {
      return Promise.resolve(state.queue(tickets));
    },
    ticketsOf: (runId) => Promise.resolve(ticketsOf(state, runId)),
    counts: () => Promise.resolve(counts(state)),
    served: (runIds) => Promise.resolve(new Set(runIds.filter((runId) => [...state.workers.values()].some((scope) => isInScope(state, scope, runId))))),
    nextDue: (worker) => Promise.resolve(nextDue(state, worker)),
    onReady: (callback) => state.watch('ready', callback),
  };
}

function take(state: MemoryState, worker: WorkerId, options: TakeOptions): Lease[] {
  const now = state.clock.now();
  const due = reachable(state, worker).filter(
    ([, held]) =>
      (held.ticket.notBefore <= now || state.has('tickets are handed out early')) &&
      (held.lease === undefined || isGone(state, held.lease)) &&
      !state.isParked(held) &&
      !(state.isEnded(held.ticket.runId) && state.has('tickets of an ended run are not handed out')),
  );
  due.sort(([, a], [, b]) => rankOf(state, a.ticket) - rankOf(state, b.ticket) || a.ticket.notBefore - b.ticket.notBefore);
  if (state.has('what can be taken over goes before what is free')) due.sort(([, a], [, b]) => Number(a.lease === undefined) - Number(b.lease === undefined));
  if (state.has('the newest ticket goes first')) due.reverse();
  return underCaps(state, due, options).map(([id, held]) => {
    state.token += 1;
    const token = state.has('tokens start again') ? 1 : state.token;
    const { runId, job, attempt, turn } = held.ticket;
    const lease = { id, runId, job, attempt, turn, token, worker, until: now + options.leaseMs };
    if (!state.has('a ticket is held twice')) held.lease = lease;
    return lease;
  });
}

function underCaps(state: MemoryState, due: readonly [TicketId, MemoryTicket][], { caps, limit }: TakeOptions): [TicketId, MemoryTicket][] {
  const total = state.has('the cap of all runs is not looked at') ? undefined : caps?.total;
  const looked = state.has('the cap of a tenant is not looked at') ? undefined : state.has('all tenants have one cap') ? { perTenant: caps?.perTenant ?? Infinity } : caps;
  const held = [...state.tickets.values()].filter((each) => takesRoom(state, each));
  const heldBy = ({ ticket }: MemoryTicket): number => held.filter((other) => tenantOf(state, other.ticket) === tenantOf(state, ticket)).length;
  const share = (each: MemoryTicket): number => heldBy(each) - (takesRoom(state, each) && !state.has('a ticket stands in its own way') ? 1 : 0);
  const given: [TicketId, MemoryTicket][] = [];
  let left = state.has('a full tenant blocks the others') ? due.slice(0, limit) : [...due];
  const replaces = (each: MemoryTicket): boolean => takesRoom(state, each) && !state.has('a full house keeps what it lost');
  const fits = (each: MemoryTicket): boolean => replaces(each) || (held.length < (total ?? Infinity) && heldBy(each) < capOf(looked, tenantOf(state, each.ticket)));
  while (left.length > 0 && given.length < limit) {
    if (!state.has('tickets without room are compared')) left = left.filter(([, each]) => fits(each));
    const firsts = state.has('a backlog goes first') ? left.slice(0, 1) : firstOfEach(left, ([, { ticket }]) => tenantOf(state, ticket));
    firsts.sort(([, a], [, b]) => rankOf(state, a.ticket) - rankOf(state, b.ticket) || share(a) - share(b));
    const [next] = firsts;
    left = left.filter((each) => each !== next);
    if (next === undefined) break;
    if (!fits(next[1])) continue;
    if (!replaces(next[1]) || state.has('who takes over is counted beside the one before')) held.push(next[1]);
    given.push(next);
  }
  return given;
}

function firstOfEach<T>(items: readonly T[], groupOf: (item: T) => unknown): T[] {
  const first = new Map<unknown, T>();
  for (const item of items) if (!first.has(groupOf(item))) first.set(groupOf(item), item);
  return [...first.values()];
}

function takesRoom(state: MemoryState, { lease }: MemoryTicket): boolean {
  return lease !== undefined && (state.workers.has(lease.worker) || state.has('a worker that left still takes up room'));
}

function tenantOf(state: MemoryState, ticket: NewTicket): string | undefined {
  return state.runs.get(ticket.runId)?.summary.tenant;
}

function rankOf(state: MemoryState, { priority }: NewTicket): number {
  return state.has('priorities are not looked at') ? 0 : ['high', undefined, 'low'].indexOf(priority);
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
  return [...state.tickets].flatMap(([id, held]) => {
    const { priority, ...ticket } = held.ticket;
    if (ticket.runId !== runId) return [];
    const shown: QueuedTicket = {
      ...ticket,
      id,
      ...(priority === undefined || state.has('priorities are not shown') ? {} : { priority }),
      ...(state.isParked(held) && !state.has('parked tickets are not shown') ? { parked: true } : {}),
    };
    if (held.lease === undefined) return [shown];
    const { worker, token, until } = held.lease;
    return [{ ...shown, lease: { worker, token, until, alive: state.workers.has(worker) } }];
  });
}

function counts(state: MemoryState): QueueCounts {
  const free = [...state.tickets.values()].filter((held) => held.lease === undefined);
  const due = free.filter((held) => held.ticket.notBefore <= state.clock.now() && (!state.isParked(held) || state.has('parked tickets count as due')));
  return { held: state.has('held tickets are not counted') ? 0 : state.tickets.size - free.length, due: due.length, later: free.length - due.length };
}

function nextDue(state: MemoryState, worker: WorkerId): number | undefined {
  const wanted = reachable(state, worker).filter(([, held]) => !state.isParked(held) || state.has('parked tickets are due'));
  const due = wanted.map(([, { ticket, lease }]) => (lease === undefined || isGone(state, lease) ? ticket.notBefore : lease.until));
  return due.length === 0 ? undefined : Math.min(...due);
}

function reachable(state: MemoryState, worker: WorkerId): [TicketId, MemoryTicket][] {
  if (!state.workers.has(worker) && !state.has('anybody may take')) return [];
  const scope = state.has('scopes are not looked at') ? undefined : state.workers.get(worker);
  return [...state.tickets].filter(([, { ticket }]) => isInScope(state, scope, ticket.runId));
}

function isInScope(state: MemoryState, scope: readonly RunId[] | undefined, runId: RunId): boolean {
  const root = state.has('scopes are of single runs') ? runId : (state.runs.get(runId)?.summary.root ?? runId);
  return scope?.some((each) => each === root) !== false;
}

function isGone(state: MemoryState, lease: Lease): boolean {
  if (state.has('leases last for ever')) return false;
  return state.has('leases end at once') || lease.until <= state.clock.now() || !state.workers.has(lease.worker);
}

function fenceOf(lease: Lease): { ticket: TicketId; token: number } {
  return { ticket: lease.id, token: lease.token };
}

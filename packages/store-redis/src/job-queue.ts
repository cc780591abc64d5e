import type { RunId, WorkerId } from '@kb-labs/contracts';
import type { JobQueue, Lease, NewTicket, QueueCounts, QueuedTicket, TakeOptions, WorkerInfo } from '@kb-labs/ports';

import type { ChangeWatch } from './change-watch.js';
import { entryOfDiscard, entryOfTickets, toTicketIds } from './entries.js';
import { FREE_TICKETS, NEXT_DUE, RENEW_LEASES } from './lua/hand-out.js';
import { COUNT_TICKETS, LIVE_SCOPES, TICKETS_OF } from './lua/installation-views.js';
import { DISCARD_TICKETS, QUEUE_TICKETS, RELEASE_TICKETS } from './lua/run-scripts.js';
import type { Presence } from './presence.js';
import type { StandingBy } from './standing-by.js';
import { parseTicket, type TicketRow } from './ticket-rows.js';
import type { HandingOutDeps } from './take-tickets.js';
import { queueAndHandOut, writeToRun } from './write-to-run.js';

export class RedisJobQueue implements JobQueue {
  /** In one call with what queues tickets, where that is possible. */
  readonly standBy?: NonNullable<JobQueue['standBy']>;
  readonly #deps: HandingOutDeps;
  readonly #presence: Presence;
  readonly #watch: ChangeWatch;

  constructor(deps: HandingOutDeps, { presence, standingBy, watch }: { presence: Presence; standingBy: StandingBy; watch: ChangeWatch }) {
    this.#deps = deps;
    this.#presence = presence;
    this.#watch = watch;
    if (deps.keysTogether) this.standBy = (worker, places, onLeases) => standingBy.add({ worker, places, onLeases });
  }

  join(worker: WorkerInfo): Promise<void> {
    return this.#deps.link.operate(() => this.#presence.join(worker));
  }

  leave(worker: WorkerId): Promise<void> {
    return this.#deps.link.operate(() => this.#presence.leave(worker));
  }

  take(worker: WorkerId, options: TakeOptions): Promise<Lease[]> {
    return this.#deps.link.operate(() => this.#deps.taker.take(worker, options));
  }

  renew(leases: readonly Lease[], leaseMs: number): Promise<Lease[]> {
    if (leases.length === 0) return Promise.resolve([]);
    const { link, keys } = this.#deps;
    return link.operate(async () => {
      const rows = leases.flatMap((lease) => [lease.id, lease.token, lease.worker]);
      const [until, valid] = (await link.run(RENEW_LEASES, [keys.base], [link.now, leaseMs, this.#presence.presenceMs, ...rows])) as [string, number[]];
      return leases.flatMap((lease, index) => (valid[index] === 1 ? [{ ...lease, until: Number(until) }] : []));
    });
  }

  /** Both halves compare the token, so that neither has to come first. */
  release(leases: readonly Lease[]): Promise<void> {
    if (leases.length === 0) return Promise.resolve();
    const { link, keys } = this.#deps;
    return link.operate(async () => {
      const tokens = (some: readonly Lease[]): (string | number)[] => some.flatMap((lease) => [lease.id, lease.token]);
      await Promise.all([
        ...[...byRun(leases)].map(([runId, own]) => link.run(RELEASE_TICKETS, [keys.of(runId).tickets], tokens(own))),
        link.run(FREE_TICKETS, [keys.base], [link.now, ...tokens(leases)]),
      ]);
    });
  }

  discard(leases: readonly Lease[]): Promise<void> {
    const { link, keys, outbox } = this.#deps;
    const writes = [...byRun(leases)].map(([runId, own]) => {
      const { run, tickets, outbox: waiting } = keys.of(runId);
      const rows = own.flatMap((lease) => [lease.id, lease.token, entryOfDiscard(lease.id)]);
      return [runId, async () => (await writeToRun(this.#deps, runId, DISCARD_TICKETS, [run, tickets, waiting], rows)) as [string[]]] as const;
    });
    return link.operate(async () => void (await outbox.writeEach(writes, ([entries]) => entries)));
  }

  ensure(tickets: readonly NewTicket[]): Promise<number> {
    const { link, keys, outbox } = this.#deps;
    const writes = [...byRun(tickets)].map(([runId, own]) => {
      const { run, tickets: list, outbox: waiting } = keys.of(runId);
      const args = [entryOfTickets(own), ...toTicketIds(own)];
      return [runId, () => queueAndHandOut<[number, string[]]>(this.#deps, runId, QUEUE_TICKETS, [run, list, waiting], args, own.length)] as const;
    });
    return link.operate(async () => {
      const added = await outbox.writeEach(writes, ([, entries]) => entries);
      return added.reduce((sum, [count]) => sum + count, 0);
    });
  }

  ticketsOf(runId: RunId): Promise<QueuedTicket[]> {
    const { link, keys } = this.#deps;
    return link.operate(async () => {
      const rows = (await link.run(TICKETS_OF, [keys.base], [link.now, runId])) as TicketRow[];
      const ordered = rows.sort((a, b) => Number(a[7]) - Number(b[7]));
      return ordered.map((row) => parseTicket(runId, row));
    });
  }

  counts(): Promise<QueueCounts> {
    const { link, keys } = this.#deps;
    return link.operate(async () => {
      const [held, due, later] = (await link.run(COUNT_TICKETS, [keys.base], [link.now])) as [number, number, number];
      return { held, due, later };
    });
  }

  served(runIds: readonly RunId[]): Promise<ReadonlySet<RunId>> {
    const { link, keys } = this.#deps;
    return link.operate(async () => {
      const [written, ...roots] = await Promise.all([
        link.run(LIVE_SCOPES, [keys.base], [link.now]),
        ...runIds.map((runId) => link.call('HGET', keys.of(runId).run, 'root')),
      ]);
      const scopes = (written as string[]).map((scope) => (scope === '' ? undefined : new Set(JSON.parse(scope) as string[])));
      // A run that is not there yet is taken for the top of its own tree.
      const rootOf = (index: number, runId: RunId): string => (roots[index] as string | null) ?? runId;
      return new Set(runIds.filter((runId, index) => scopes.some((scope) => scope === undefined || scope.has(rootOf(index, runId)))));
    });
  }

  nextDue(worker: WorkerId): Promise<number | undefined> {
    const { link, keys } = this.#deps;
    return link.operate(async () => {
      const [due] = (await link.run(NEXT_DUE, [keys.base], [link.now, worker])) as (string | null)[];
      return due === null || due === undefined ? undefined : Number(due);
    });
  }

  onReady(callback: (only?: 'room') => void): () => void {
    return this.#watch.watchReady(callback);
  }
}

function byRun<T extends { readonly runId: RunId }>(items: readonly T[]): Map<RunId, T[]> {
  return Map.groupBy(items, (item) => item.runId);
}

import type { TakeOptions } from '@kb-labs/ports';

import type { Connection } from './connection.js';
import type { TicketRow } from './tickets.js';
import type { WorkerRow } from './workers.js';

/** How many tickets are held, what a hand-out has given so far included, and how many more may be. */
export interface Room {
  /** How many its tenant holds. A ticket that is taken over from a live worker is not counted itself. */
  besides(row: TicketRow): number;
  /** Whether this ticket may be handed out. */
  admits(row: Pick<TicketRow, 'tenant' | 'worker'>): boolean;
  /** It is handed out. */
  takeUp(row: Pick<TicketRow, 'tenant' | 'worker'>): void;
}

/**
 * What the caps leave beside the tickets that live workers hold. A lease that ran out still counts: its worker may be at
 * it. To hand that ticket to another worker takes up no further room, or a full house could never get rid of it.
 */
export function roomUnder(connection: Connection, caps: TakeOptions['caps'], live: readonly WorkerRow[]): Room {
  const alive = new Set<string>(live.map((worker) => worker.id));
  const isCounted = ({ worker }: Pick<TicketRow, 'worker'>): boolean => worker !== null && alive.has(worker);
  const given: Held = { ofTenant: new Map(), total: 0 };
  let counted: Held | undefined;
  /** Counted when it is asked for: without caps, not for a tenant that is alone. */
  const before = (): Held => (counted ??= countHeld(connection, alive));
  const heldBy = (tenant: string): number => (before().ofTenant.get(tenant) ?? 0) + (given.ofTenant.get(tenant) ?? 0);
  const heldUpTo = (tenant: string, cap: number | undefined): boolean => cap !== undefined && heldBy(tenant) >= cap;
  const isFull = (tenant: string): boolean =>
    (caps?.total !== undefined && before().total + given.total >= caps.total) || heldUpTo(tenant, capOf(caps, tenant));
  return {
    besides: (row) => heldBy(row.tenant) - (isCounted(row) ? 1 : 0),
    admits: (row) => isCounted(row) || !isFull(row.tenant),
    takeUp(row) {
      if (isCounted(row)) return;
      given.ofTenant.set(row.tenant, (given.ofTenant.get(row.tenant) ?? 0) + 1);
      given.total += 1;
    },
  };
}

function capOf(caps: TakeOptions['caps'], tenant: string): number | undefined {
  return caps?.ofTenant !== undefined && Object.hasOwn(caps.ofTenant, tenant) ? caps.ofTenant[tenant] : caps?.perTenant;
}

interface Held {
  readonly ofTenant: Map<string, number>;
  total: number;
}

function countHeld(connection: Connection, alive: ReadonlySet<string>): Held {
  const counts = connection.all<{ tenant: string; worker: string; held: number }>(
    'SELECT tenant, worker, count(*) AS held FROM ticket INDEXED BY ticket_held WHERE worker IS NOT NULL GROUP BY tenant, worker',
  );
  const held: Held = { ofTenant: new Map(), total: 0 };
  for (const { tenant, worker, held: count } of counts) {
    if (!alive.has(worker)) continue;
    held.ofTenant.set(tenant, (held.ofTenant.get(tenant) ?? 0) + count);
    held.total += count;
  }
  return held;
}

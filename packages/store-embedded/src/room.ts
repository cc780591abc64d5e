import type { TakeOptions } from '@kb-labs/ports';

import type { Connection } from './connection.js';
import type { TicketRow } from './tickets.js';
import type { WorkerRow } from './workers.js';

/** How many more tickets may be held. */
export interface Room {
  /** Whether this ticket may be handed out; it then takes up room. */
  admits(row: TicketRow): boolean;
}

/**
 * What the caps leave beside the tickets that live workers hold. A lease that ran out still counts: its worker may be at
 * it. To hand that ticket to another worker takes up no further room, or a full house could never get rid of it.
 */
export function roomUnder(connection: Connection, caps: NonNullable<TakeOptions['caps']>, live: readonly WorkerRow[]): Room {
  const alive = new Set<string>(live.map((worker) => worker.id));
  const ofTenant = new Map<string, number>();
  let total = 0;
  for (const { tenant, worker, held } of countHeld(connection)) {
    if (!alive.has(worker)) continue;
    ofTenant.set(tenant, (ofTenant.get(tenant) ?? 0) + held);
    total += held;
  }
  return {
    admits({ worker, tenant }) {
      if (worker !== null && alive.has(worker)) return true;
      const held = ofTenant.get(tenant) ?? 0;
      if (total >= (caps.total ?? Number.POSITIVE_INFINITY) || held >= (caps.perTenant ?? Number.POSITIVE_INFINITY)) return false;
      ofTenant.set(tenant, held + 1);
      total += 1;
      return true;
    },
  };
}

function countHeld(connection: Connection): { tenant: string; worker: string; held: number }[] {
  return connection.all('SELECT tenant, worker, count(*) AS held FROM ticket INDEXED BY ticket_held WHERE worker IS NOT NULL GROUP BY tenant, worker');
}

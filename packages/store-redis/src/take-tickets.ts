import { randomUUID } from 'node:crypto';

import type { RunId, TicketId, WorkerId } from '@kb-labs/contracts';
import type { Lease, TakeOptions } from '@kb-labs/ports';

import { capsOfTenants } from './caps-of-tenants.js';
import type { StoreDeps } from './deps.js';
import { PICK_TICKETS, TAKE_BACK } from './lua/hand-out.js';
import { PICK_OFFERED } from './lua/hand-over.js';
import { GRAB_TICKETS } from './lua/run-scripts.js';
import type { Script } from './lua/script.js';
import type { Presence } from './presence.js';
import { parseLease, type PickedRow } from './ticket-rows.js';

/**
 * Hands tickets out in two steps: picks them under the tag of the installation, where each goes to one worker with a token
 * of its own, and makes the token count in their runs. A hand-out whose answer was lost is taken back before the next one,
 * so that its tickets do not wait for leases that nobody knows of.
 */
export class TicketTaker {
  readonly #deps: StoreDeps;
  readonly #presence: Presence;
  readonly #store = randomUUID();
  readonly #lost = new Map<WorkerId, Set<string>>();
  #count = 0;

  constructor(deps: StoreDeps, presence: Presence) {
    this.#deps = deps;
    this.#presence = presence;
  }

  take(worker: WorkerId, options: TakeOptions): Promise<Lease[]> {
    return this.#hand(worker, options, PICK_TICKETS, []);
  }

  /** The same for tickets that were brought to the worker. */
  async takeOffered(worker: WorkerId, tickets: readonly TicketId[], options: TakeOptions): Promise<Lease[]> {
    return tickets.length === 0 ? [] : await this.#hand(worker, options, PICK_OFFERED, tickets);
  }

  async #hand(worker: WorkerId, { limit, leaseMs, caps }: TakeOptions, script: Script, tickets: readonly TicketId[]): Promise<Lease[]> {
    await this.#takeBackLost(worker);
    this.#count += 1;
    const name = `${this.#store}.${String(this.#count)}`;
    const { link, keys } = this.#deps;
    const args = [link.now, worker, limit, leaseMs, caps?.total ?? '', capsOfTenants(caps), this.#presence.presenceMs, name, ...tickets];
    try {
      return await this.#grab(worker, (await link.run(script, [keys.base], args)) as PickedRow[]);
    } catch (thrown) {
      this.#lost.set(worker, (this.#lost.get(worker) ?? new Set()).add(name));
      throw thrown;
    }
  }

  async #grab(worker: WorkerId, rows: readonly PickedRow[]): Promise<Lease[]> {
    const { link, keys, outbox } = this.#deps;
    const runs = [...Map.groupBy(rows, (row) => row[1] as RunId)];
    const writes = runs.map(([runId, own]) => {
      const { tickets, outbox: waiting } = keys.of(runId);
      const args = own.flatMap(([id, , , , , incarnation, token]) => [id, incarnation, token]);
      return [runId, async () => (await link.run(GRAB_TICKETS, [tickets, waiting], args)) as [number[], string[]]] as const;
    });
    const replies = await outbox.writeEach(writes, ([, entries]) => entries);
    const grabbed = new Set(runs.flatMap(([, own], run) => own.filter((_, index) => replies[run]?.[0][index] === 1)));
    return rows.filter((row) => grabbed.has(row)).map((row) => parseLease(worker, row));
  }

  async #takeBackLost(worker: WorkerId): Promise<void> {
    const lost = this.#lost.get(worker);
    if (lost === undefined) return;
    const { link, keys } = this.#deps;
    await link.run(TAKE_BACK, [keys.base], [link.now, worker, ...lost]);
    this.#lost.delete(worker);
  }
}

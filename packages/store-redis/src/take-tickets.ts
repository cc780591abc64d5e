import { randomUUID } from 'node:crypto';

import type { RunId, TicketId, WorkerId } from '@kb-labs/contracts';
import type { Lease, TakeOptions } from '@kb-labs/ports';

import { capsOfTenants } from './caps-of-tenants.js';
import type { StoreDeps } from './deps.js';
import type { Argument } from './link.js';
import { PICK_TICKETS, TAKE_BACK } from './lua/hand-out.js';
import { PICK_OFFERED } from './lua/hand-over.js';
import { TAKE_OFFERED, TAKE_TICKETS } from './lua/in-one-call.js';
import { GRAB_TICKETS } from './lua/run-scripts.js';
import type { Script } from './lua/script.js';
import type { Presence } from './presence.js';
import type { StandingBy } from './standing-by.js';
import { parseLease, type PickedRow } from './ticket-rows.js';

/** What queues tickets works with, which can be handed out at once. */
export interface HandingOutDeps extends StoreDeps {
  readonly taker: TicketTaker;
}

/** Makes the tokens of one run count: which of them do, and what waits in its outbox. */
export type Grabbed = readonly [grabbed: readonly number[], waiting: readonly string[]];

/** Both steps of a hand-out, or the first. */
interface HandOut {
  readonly inOneCall: Script;
  readonly pick: Script;
}

/**
 * Hands tickets out in two steps: picks them under the tag of the installation, where each goes to one worker with a token
 * of its own, and makes the token count in their runs. Where all keys are together that is one call. A hand-out whose answer was lost is taken back before the next one,
 * so that its tickets do not wait for leases that nobody knows of.
 */
export class TicketTaker {
  readonly #deps: StoreDeps;
  readonly #presence: Presence;
  readonly #standingBy: StandingBy;
  readonly #store = randomUUID();
  readonly #lost = new Map<WorkerId, Set<string>>();
  #count = 0;

  constructor(deps: StoreDeps, presence: Presence, standingBy: StandingBy) {
    this.#deps = deps;
    this.#presence = presence;
    this.#standingBy = standingBy;
  }

  /**
   * Has a script hand tickets out that queues some: to a worker that stands by, `first` before others, or to none. `send` is given that worker and the arguments for it, and
   * answers what the script does, the rows, and what was grabbed. The worker is told of its leases, but for those that `takes` takes.
   */
  async handOutWith<Reply>(
    queued: { readonly tickets: number; readonly first?: WorkerId },
    send: (picking?: { readonly worker: WorkerId; readonly args: readonly Argument[] }) => Promise<readonly [reply: Reply, rows: readonly PickedRow[], grabbed: readonly Grabbed[]]>,
    takes: (lease: Lease, reply: Reply) => boolean = () => false,
  ): Promise<Reply> {
    const promised = queued.tickets === 0 ? undefined : this.#standingBy.promise(queued.tickets, queued.first);
    if (promised === undefined || this.#lost.has(promised.worker)) {
      promised?.over();
      const [reply] = await send();
      return reply;
    }
    const { worker, options } = promised;
    const name = this.#nextName();
    let leases: readonly Lease[] = [];
    const own: Lease[] = [];
    try {
      const [reply, rows, grabbed] = await send({ worker, args: this.#picking(worker, options, name) });
      if (rows.length > 0) leases = await this.#grab(worker, rows, grabbed);
      own.push(...leases.filter((lease) => !takes(lease, reply)));
      return reply;
    } catch (thrown) {
      this.#loseName(worker, name);
      throw thrown;
    } finally {
      promised.over(own);
    }
  }

  take(worker: WorkerId, options: TakeOptions): Promise<Lease[]> {
    return this.#hand(worker, options, { inOneCall: TAKE_TICKETS, pick: PICK_TICKETS }, []);
  }

  /** The same for tickets that were brought to the worker. */
  async takeOffered(worker: WorkerId, tickets: readonly TicketId[], options: TakeOptions): Promise<Lease[]> {
    return tickets.length === 0 ? [] : await this.#hand(worker, options, { inOneCall: TAKE_OFFERED, pick: PICK_OFFERED }, tickets);
  }

  async #hand(worker: WorkerId, options: TakeOptions, handOut: HandOut, tickets: readonly TicketId[]): Promise<Lease[]> {
    const limit = this.#standingBy.left(worker, options.limit);
    await this.#takeBackLost(worker);
    const name = this.#nextName();
    const { link, keys, keysTogether } = this.#deps;
    const args = [link.now, ...this.#picking(worker, { ...options, limit }, name), ...tickets];
    try {
      if (!keysTogether) return await this.#grab(worker, (await link.run(handOut.pick, [keys.base], args)) as PickedRow[]);
      const [rows, grabbed] = (await link.run(handOut.inOneCall, [keys.base], args)) as [PickedRow[], Grabbed[]];
      return await this.#grab(worker, rows, grabbed);
    } catch (thrown) {
      this.#loseName(worker, name);
      throw thrown;
    }
  }

  /** The arguments of `PICK_TICKETS`, but for the time. */
  #picking(worker: WorkerId, { limit, leaseMs, caps }: TakeOptions, name: string): Argument[] {
    return [worker, limit, leaseMs, caps?.total ?? '', capsOfTenants(caps), this.#presence.presenceMs, name];
  }

  #nextName(): string {
    this.#count += 1;
    return `${this.#store}.${String(this.#count)}`;
  }

  #loseName(worker: WorkerId, name: string): void {
    this.#lost.set(worker, (this.#lost.get(worker) ?? new Set()).add(name));
  }

  /** What is `done` already is of each run in the order of the rows. */
  async #grab(worker: WorkerId, rows: readonly PickedRow[], done: readonly Grabbed[] = []): Promise<Lease[]> {
    const { link, keys, outbox } = this.#deps;
    const runs = [...Map.groupBy(rows, (row) => row[1] as RunId)];
    const writes = runs.map(([runId, own], index) => {
      const { tickets, outbox: waiting } = keys.of(runId);
      const args = own.flatMap(([id, , , , , incarnation, token]) => [id, incarnation, token]);
      return [runId, async () => done[index] ?? ((await link.run(GRAB_TICKETS, [tickets, waiting], args)) as Grabbed)] as const;
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

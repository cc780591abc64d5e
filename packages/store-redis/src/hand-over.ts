import type { RunId, TicketId, WorkerId } from '@kb-labs/contracts';
import type { HandOver, Lease, Offer, TakeOptions } from '@kb-labs/ports';

import { capsOfTenants } from './caps-of-tenants.js';
import type { StoreDeps } from './deps.js';
import { RANKS } from './entries.js';
import { OFFER_TICKETS } from './lua/hand-over.js';
import type { Presence } from './presence.js';
import type { TicketTaker } from './take-tickets.js';

/** How old an offer is when it is repeated, in milliseconds: longer than one that arrives takes, shorter than anybody likes to wait for one that did not. */
const REPEATED_AFTER_MS = 2_000;

type OfferRow = readonly [id: string, run: string, number: string, rank: string];

export class RedisHandOver implements HandOver {
  readonly #deps: StoreDeps;
  readonly #taker: TicketTaker;
  readonly #presence: Presence;

  constructor(deps: StoreDeps, { taker, presence }: { taker: TicketTaker; presence: Presence }) {
    this.#deps = deps;
    this.#taker = taker;
    this.#presence = presence;
  }

  isShared(): boolean {
    return this.#presence.hasOthers;
  }

  offer({ window, caps }: { window: number; caps?: TakeOptions['caps'] }): Promise<Offer[]> {
    const { link, keys } = this.#deps;
    return link.operate(async () => {
      const args = [link.now, window, caps?.total ?? '', capsOfTenants(caps), REPEATED_AFTER_MS];
      const rows = (await link.run(OFFER_TICKETS, [keys.base], args)) as OfferRow[];
      return rows.map(parseOffer);
    });
  }

  takeOffered(worker: WorkerId, tickets: readonly TicketId[], options: TakeOptions): Promise<Lease[]> {
    return this.#deps.link.operate(() => this.#taker.takeOffered(worker, tickets, options));
  }
}

function parseOffer([id, runId, number, rank]: OfferRow): Offer {
  const priority = RANKS[Number(rank)];
  return { ticket: id as TicketId, runId: runId as RunId, handOut: Number(number), ...(priority === undefined ? {} : { priority }) };
}

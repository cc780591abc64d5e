import { setTimeout as wait } from 'node:timers/promises';

import type { WorkerId } from '@kb-labs/contracts';
import type { Clock, HandOver, JobQueue, Lease, Offer, TakeOptions } from '@kb-labs/ports';

import type { Delivered, Delivery } from './delivery.js';

/** At least so many tickets are on their way, so that the next worker finds some. */
const SMALLEST_WINDOW = 32;
/** As many jobs as are fetched at once. */
const FETCHED_AT_ONCE = 16;
/** Deliveries can be stale: their tickets were taken otherwise. After so many rounds of only such ones the worker asks again later. */
const FRUITLESS_ROUNDS = 8;
/** What another worker has just offered is in BullMQ a moment later, in milliseconds. */
const PAUSES_MS = [0, 1, 2, 4, 8];

export interface Deliverers {
  readonly delivery: Delivery;
  readonly handOver: HandOver;
  readonly queue: JobQueue;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Takes up to `limit` tickets that BullMQ brings, and offers new ones when it has too few. What is fetched is taken from the
 * store or turns out stale, and is done with for BullMQ in either case. A worker that was given all there was the last time
 * takes from the store itself while BullMQ is empty: there is no backlog to bring to anybody. So does one whose backlog is not to be shared with others.
 */
export async function takeDelivered(deps: Deliverers, worker: WorkerId, options: TakeOptions & { readonly isIdle: boolean; readonly isOnlyOurs: boolean }): Promise<Lease[]> {
  deps.delivery.bringStalled();
  if (options.isOnlyOurs || (options.isIdle && deps.delivery.isEmpty)) return await deps.queue.take(worker, options);
  const leases: Lease[] = [];
  let { isIdle } = options;
  let [fruitless, pauses] = [0, 0];
  while (leases.length < options.limit && fruitless < FRUITLESS_ROUNDS) {
    const wanted = options.limit - leases.length;
    const count = Math.min(wanted, FETCHED_AT_ONCE);
    try {
      const delivered = await deliver(deps, { ...options, isIdle, count });
      isIdle = false;
      if (delivered.length === 0) {
        const pauseMs = PAUSES_MS[pauses];
        if (leases.length > 0 || pauseMs === undefined || !(await isAnyOnItsWay(deps, worker))) break;
        await wait(pauseMs);
        pauses += 1;
        continue;
      }
      const taken = await deps.handOver.takeOffered(worker, delivered.flatMap(({ ticket }) => ticket ?? []), { ...options, limit: wanted });
      deps.delivery.finish(delivered);
      leases.push(...taken);
      // There were no more, and none was stale.
      if (delivered.length < count && taken.length === delivered.length) break;
      fruitless = taken.length === 0 ? fruitless + 1 : 0;
    } catch (thrown) {
      // What is held must reach its worker. It hears of the trouble with its next call.
      if (leases.length === 0) throw thrown;
      break;
    }
  }
  return leases;
}

async function deliver({ delivery, handOver }: Deliverers, { count, isIdle, limit, caps }: TakeOptions & { count: number; isIdle: boolean }): Promise<Delivered[]> {
  const offer = (): Promise<Offer[]> => handOver.offer({ window: Math.max(SMALLEST_WINDOW, 2 * limit), ...(caps === undefined ? {} : { caps }) });
  // Where nothing was left the last time it is likely to be so now: one job is asked for, and offers at the same time.
  const asked = isIdle ? offer() : undefined;
  asked?.catch(() => undefined);
  const first = await delivery.fetch(isIdle ? 1 : count);
  try {
    if (asked === undefined && first.length === count) return first;
    const offers = await (asked ?? offer());
    // The one that was asked for came, so there may be more than was offered now.
    const more = Math.min(count - first.length, isIdle && first.length > 0 ? count : offers.length);
    return [...first, ...(await delivery.addAndFetch(offers, more))];
  } catch (thrown) {
    if (first.length === 0) throw thrown;
    return first;
  }
}

/** Whether a ticket is due that nobody holds: another worker has it in hand, or there is no room for it. */
async function isAnyOnItsWay({ queue, clock }: Deliverers, worker: WorkerId): Promise<boolean> {
  const due = await queue.nextDue(worker);
  return due !== undefined && due <= clock.now();
}

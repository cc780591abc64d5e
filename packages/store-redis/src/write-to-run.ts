import type { RunId } from '@kb-labs/contracts';

import type { StoreDeps } from './deps.js';
import type { Argument } from './link.js';
import { andChangeStatus, andHandOut, andSettle } from './lua/in-one-call.js';
import { APPEND_EVENTS, DISCARD_TICKETS, OPEN_RUN, QUEUE_TICKETS, type RunWrite } from './lua/run-scripts.js';
import type { Grabbed, HandingOutDeps } from './take-tickets.js';
import type { PickedRow } from './ticket-rows.js';

const SETTLING = new Map([APPEND_EVENTS, DISCARD_TICKETS, OPEN_RUN, QUEUE_TICKETS].map((write) => [write, andSettle(write)]));
const HANDING_OUT = new Map([APPEND_EVENTS, QUEUE_TICKETS].map((write) => [write, andHandOut(write)]));

const CHANGING_STATUS = andChangeStatus(APPEND_EVENTS);

/** Sends a script of a run whose answer ends with what waits in its outbox: nothing any more where that can be done in the same call. */
export function writeToRun({ link, keys, keysTogether }: StoreDeps, runId: RunId, write: RunWrite, own: readonly string[], args: readonly Argument[]): Promise<unknown> {
  const settling = keysTogether ? SETTLING.get(write) : undefined;
  if (settling === undefined) return link.run(write, own, args);
  return link.run(settling, [...own, keys.of(runId).outbox, keys.base], [...args, runId, link.now]);
}

/** The same for an append that asks for another status at most. */
export function appendStatus({ link, keys, keysTogether }: StoreDeps, runId: RunId, own: readonly string[], args: readonly Argument[]): Promise<unknown> {
  if (!keysTogether) return link.run(APPEND_EVENTS, own, args);
  return link.run(CHANGING_STATUS, [...own, keys.of(runId).outbox, keys.base], [...args, runId]);
}

/** The same for one that queues so many tickets: they are handed out in the same call to a worker that stands by. */
export function queueAndHandOut<Reply>(deps: HandingOutDeps, runId: RunId, write: RunWrite, own: readonly string[], args: readonly Argument[], tickets: number): Promise<Reply> {
  const { link, keys, taker } = deps;
  const handingOut = HANDING_OUT.get(write);
  return taker.handOutWith({ tickets: handingOut === undefined ? 0 : tickets }, async (picking) => {
    if (handingOut === undefined || picking === undefined) return [(await writeToRun(deps, runId, write, own, args)) as Reply, [], []];
    return (await link.run(handingOut, [...own, keys.of(runId).outbox, keys.base], [...args, runId, ...picking.args, link.now])) as [Reply, PickedRow[], Grabbed[]];
  });
}

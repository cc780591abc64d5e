import type { RunId } from '@kb-labs/contracts';

import type { StoreDeps } from './deps.js';
import type { Argument } from './link.js';
import { andSettle } from './lua/in-one-call.js';
import { APPEND_EVENTS, DISCARD_TICKETS, OPEN_RUN, QUEUE_TICKETS } from './lua/run-scripts.js';
import type { Script } from './lua/script.js';

const SETTLING = new Map([APPEND_EVENTS, DISCARD_TICKETS, OPEN_RUN, QUEUE_TICKETS].map((write) => [write, andSettle(write)]));

/** Sends a script of a run whose answer ends with what waits in its outbox: nothing any more where that can be done in the same call. */
export function writeToRun({ link, keys, keysTogether }: StoreDeps, runId: RunId, write: Script, own: readonly string[], args: readonly Argument[]): Promise<unknown> {
  const settling = keysTogether ? SETTLING.get(write) : undefined;
  if (settling === undefined) return link.run(write, own, args);
  return link.run(settling, [...own, keys.base, keys.of(runId).outbox], [...args, link.now, runId]);
}

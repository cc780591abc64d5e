import { fromUnknown, toProblem } from '@kb-labs/errors';
import type { EngineDeps } from '@kb-labs/engine';
import type { Response } from 'express';

import type { StreamedEvent } from './handler.js';

/** Nothing was sent for this long: a comment is, so that nobody on the way takes the connection for dead. */
export const HEARTBEAT_MS = 15_000;
/** A client that takes nothing for this long is let go. */
export const STALL_MS = 30_000;

export interface SendEvents {
  readonly clock: EngineDeps['clock'];
  /** Aborted when the client has gone, or the gateway stops. */
  readonly signal: AbortSignal;
  /** Asked with every heartbeat: fails when the client may not follow any longer. */
  readonly recheck: () => Promise<void>;
}

/**
 * Sends events as they come (Server-Sent Events, as the HTML standard has them), each with its id, and at last one of the type
 * `end`. The next event is asked for when the client has taken the one before, so that a slow one costs one event of memory
 * and not all of them.
 */
export async function sendEvents(response: Response, events: AsyncIterable<StreamedEvent>, { clock, signal, recheck }: SendEvents): Promise<void> {
  response.status(200).set({ 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no', Connection: 'close' });
  response.flushHeaders();
  // That a client has gone is told by `close`; what was on its way to it is lost.
  response.on('error', () => undefined);
  const heart = beat(response, clock, recheck);
  try {
    for await (const { id, data } of events) {
      if (signal.aborted) break;
      if (!response.write(`id: ${id}\ndata: ${JSON.stringify(data)}\n\n`)) await drained(response, clock);
    }
    // Whoever is cut off by a gateway that stops comes back for the rest.
    if (!signal.aborted) response.write('event: end\ndata: {}\n\n');
  } catch (thrown) {
    if (!response.writable) return;
    response.write(`event: problem\ndata: ${JSON.stringify(toProblem(fromUnknown(thrown)))}\n\n`);
  } finally {
    heart.stop();
    response.end();
  }
}

function beat(response: Response, clock: EngineDeps['clock'], recheck: () => Promise<void>): { stop: () => void } {
  let stopped = false;
  let disarm = arm();
  function arm(): () => void {
    return clock.after(HEARTBEAT_MS, () => {
      void recheck().then(
        () => {
          if (stopped) return;
          if (response.writable && !response.writableNeedDrain) response.write(': still here\n\n');
          disarm = arm();
        },
        (thrown: unknown) => {
          if (stopped) return;
          stopped = true;
          response.end(`event: problem\ndata: ${JSON.stringify(toProblem(fromUnknown(thrown)))}\n\n`);
        },
      );
    });
  }
  return {
    stop: () => {
      stopped = true;
      disarm();
    },
  };
}

/** Until the client has taken what was written. One that does not is cut off. */
function drained(response: Response, clock: EngineDeps['clock']): Promise<void> {
  return new Promise((resolve) => {
    const disarm = clock.after(STALL_MS, () => {
      response.destroy();
    });
    const done = (): void => {
      disarm();
      response.off('drain', done).off('close', done);
      resolve();
    };
    if (response.destroyed) done();
    else response.once('drain', done).once('close', done);
  });
}

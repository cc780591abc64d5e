import type { FollowedEvent, FollowOptions, RequestTo } from '@kb-labs/client';
import type { StreamedBy, StreamName } from '@kb-labs/contracts/http';
import { fromUnknown } from '@kb-labs/errors';
import { useEffect, useRef } from 'react';

import { client } from './client.js';
import { markLive, markLost } from './connection.js';

export interface StreamOptions<Name extends StreamName> {
  readonly name: Name;
  readonly request: RequestTo<Name>;
  /** Called once for each event, in their order, also over connections that broke. */
  readonly onEvent: (event: FollowedEvent<StreamedBy<Name>>) => void;
  /** The stream has ended: nothing more will come. */
  readonly onEnd?: () => void;
  /** It cannot be followed: there is nothing, or it may not be seen. */
  readonly onProblem?: (problem: Error) => void;
  /** Goes on behind this event; behind the last that came when the stream is opened again. */
  readonly lastEventId?: string;
  readonly enabled?: boolean;
}

/**
 * Follows a stream while the page is visible: a browser opens six connections to a place, and pages in the background would hold
 * them all. Shown again, it goes on behind the last event, so nothing is lost.
 */
export function useStream<Name extends StreamName>(options: StreamOptions<Name>): void {
  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });
  const { name, request, enabled = true, lastEventId } = options;
  const key = JSON.stringify([name, 'params' in request ? request.params : null, 'query' in request ? request.query : null, lastEventId ?? null]);
  useEffect(() => {
    if (!enabled) return undefined;
    let last = latest.current.lastEventId;
    let ended = false;
    let stop: AbortController | undefined;
    const open = (): void => {
      if (ended || stop !== undefined || document.visibilityState !== 'visible') return;
      const own = new AbortController();
      stop = own;
      void consume(own).finally(() => {
        markLive(own);
        if (stop === own) stop = undefined;
      });
    };
    const consume = async (own: AbortController): Promise<void> => {
      try {
        const following: FollowOptions = {
          retries: Number.POSITIVE_INFINITY,
          ...(last === undefined ? {} : { lastEventId: last }),
          onConnect: () => {
            markLive(own);
          },
          onDisconnect: () => {
            markLost(own);
          },
        };
        // Of a request by a name that is not known here, the compiler cannot tell that it stays one.
        const asked = { ...latest.current.request, ...following, signal: own.signal } as RequestTo<Name> & FollowOptions;
        for await (const event of client.follow(name, asked)) {
          last = event.id;
          latest.current.onEvent(event);
        }
        if (own.signal.aborted) return;
        ended = true;
        latest.current.onEnd?.();
      } catch (thrown) {
        if (own.signal.aborted) return;
        ended = true;
        latest.current.onProblem?.(fromUnknown(thrown));
      }
    };
    const look = (): void => {
      if (document.visibilityState === 'visible') open();
      else {
        stop?.abort();
        stop = undefined;
      }
    };
    document.addEventListener('visibilitychange', look);
    open();
    return () => {
      document.removeEventListener('visibilitychange', look);
      stop?.abort();
    };
  }, [key, enabled, name]);
}

import type { StreamName } from '@kb-labs/contracts/http';
import { AppError, hasCode } from '@kb-labs/errors';

import { readEventStream } from './read-event-stream.js';
import type { AnyRequest } from './request-to.js';
import { sendRequest, toAppError, unreachable, wordsOf, type Sender } from './send-request.js';

export interface FollowedEvent<Data = unknown> {
  /** Passed as `lastEventId`, the events go on behind this one. */
  readonly id: string;
  readonly data: Data;
}

export interface FollowOptions {
  /** Goes on behind this event instead of beginning at the first. */
  readonly lastEventId?: string;
  /** How often in a row it connects anew without having heard anything, be it that the gateway is still there. 8 when left out; `Infinity` for ever. */
  readonly retries?: number;
  /** Called whenever a connection has been made. */
  readonly onConnect?: () => void;
  /** Called whenever a connection was lost, or could not be made, and is going to be tried again. */
  readonly onDisconnect?: (problem: AppError) => void;
}

export type Pause = (ms: number, signal: AbortSignal | undefined) => Promise<void>;

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/** The events of a stream to its end. A connection that breaks is made again, behind the last event that came. */
export async function* follow(sender: Sender, name: StreamName, request: AnyRequest, { lastEventId = '', retries = 8, onConnect, onDisconnect, pause }: FollowOptions & { pause: Pause }): AsyncGenerator<FollowedEvent> {
  const { signal } = request;
  let last = lastEventId;
  for (let failed = 0; ; failed += 1) {
    let problem: AppError | undefined;
    try {
      const response = await sendRequest(sender, name, request, { Accept: 'text/event-stream', ...(last === '' ? {} : { 'Last-Event-ID': last }) });
      if (response.body === null) throw unreachable(sender, 'it answered nothing');
      onConnect?.();
      for await (const { type, id, data } of readEventStream(response.body, () => (failed = 0))) {
        if (type === 'end') return;
        if (type === 'problem') throw toAppError(JSON.parse(data)) ?? unreachable(sender, data);
        if (type !== 'message') continue;
        failed = 0;
        last = id;
        yield { id, data: JSON.parse(data) as unknown };
        // What had come already is not wanted any more.
        if (signal?.aborted === true) return;
      }
    } catch (thrown) {
      if (signal?.aborted === true) return;
      if (!isPassing(thrown)) throw thrown;
      problem = thrown instanceof AppError ? thrown : unreachable(sender, wordsOf(thrown), thrown);
    }
    if (failed >= retries) throw problem ?? unreachable(sender, 'the connection was closed again and again');
    onDisconnect?.(problem ?? unreachable(sender, 'the connection was closed'));
    await pause(Math.min(FIRST_PAUSE_MS * 2 ** failed, LONGEST_PAUSE_MS), signal);
    if (signal?.aborted === true) return;
  }
}

/** What can be otherwise the next time: a problem that says so, or a connection that broke while it was read. */
function isPassing(thrown: unknown): boolean {
  if (hasCode(thrown, 'GATEWAY_UNREACHABLE')) return true;
  const retryable: unknown = thrown instanceof Error && 'retryable' in thrown ? thrown.retryable : undefined;
  return typeof retryable === 'boolean' ? retryable : thrown instanceof TypeError;
}

import type { BinaryName, JsonAnswerOf, JsonName, StreamedBy, StreamName, TextName } from '@kb-labs/contracts/http';

import { follow, type FollowedEvent, type FollowOptions, type Pause } from './follow.js';
import type { AnyRequest, Arguments, DownloadOf, RequestTo } from './request-to.js';
import { sendRequest, type Sender } from './send-request.js';

export interface ClientOptions {
  /** Where the gateway is: `http://127.0.0.1:4000`. Empty in a page that comes from it. */
  readonly url: string;
  /** Left out, requests are sent without one: a browser sends its session by itself. */
  readonly key?: string;
  /** Of a page whose browser has a session: what `showCaller` answered as `csrf`, sent with every change. */
  readonly csrf?: () => string | null;
  /** The one of the surroundings when left out. */
  readonly fetch?: typeof fetch;
  /** Waits before it connects anew. By a timer when left out. */
  readonly pause?: Pause;
}

/** What a gateway answers, typed by the table of its routes. Everything fails with the code of the problem, or with `GATEWAY_UNREACHABLE`. */
export interface Client {
  call<Name extends JsonName>(name: Name, ...request: Arguments<Name>): Promise<JsonAnswerOf<Name>>;
  /** Routes that answer text that is no JSON. */
  text<Name extends TextName>(name: Name, ...request: Arguments<Name>): Promise<string>;
  /** Routes that answer bytes: the answer with its body still to be read. */
  download<Name extends BinaryName>(name: Name, request: DownloadOf<Name>): Promise<Response>;
  /** Events as they come, to the end or until `signal` is aborted. */
  follow<Name extends StreamName>(name: Name, request: RequestTo<Name> & FollowOptions): AsyncGenerator<FollowedEvent<StreamedBy<Name>>>;
}

export function createClient(options: ClientOptions): Client {
  const sender: Sender = { url: options.url.replace(/\/+$/, ''), key: options.key, csrf: options.csrf ?? (() => null), fetch: options.fetch ?? ((...request) => fetch(...request)) };
  const { pause = byTimer } = options;
  return {
    call: async (name, ...[request]) => {
      const response = await sendRequest(sender, name, (request ?? {}) as AnyRequest, { Accept: 'application/json' });
      return (await response.json()) as JsonAnswerOf<typeof name>;
    },
    text: async (name, ...[request]) => (await sendRequest(sender, name, (request ?? {}) as AnyRequest)).text(),
    download: (name, request) => sendRequest(sender, name, request as AnyRequest),
    follow: (name, { lastEventId, retries, onConnect, onDisconnect, ...request }) =>
      follow(sender, name, request as AnyRequest, {
        pause,
        ...(lastEventId === undefined ? {} : { lastEventId }),
        ...(retries === undefined ? {} : { retries }),
        ...(onConnect === undefined ? {} : { onConnect }),
        ...(onDisconnect === undefined ? {} : { onDisconnect }),
      }) as AsyncGenerator<FollowedEvent<StreamedBy<typeof name>>>,
  };
}

function byTimer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}

import { type Client, createClient } from '@kb-labs/client';

import type { GatewayPlace } from '../desk/gateway-place.js';
import { explain } from './explain.js';

/** A client whose failures say what the user of a terminal can do about them. `onAnswer` hears the status of every answer. */
export function connect({ url, key }: GatewayPlace, onAnswer: (status: number) => void = () => undefined): Client {
  const listening: typeof fetch = async (...request) => {
    const response = await fetch(...request);
    onAnswer(response.status);
    return response;
  };
  const client = createClient({ url, ...(key === undefined ? {} : { key }), fetch: listening });
  const place = { url, key };
  const explained = async <Result>(act: () => Promise<Result>): Promise<Result> => {
    try {
      return await act();
    } catch (thrown) {
      throw explain(thrown, place);
    }
  };
  return {
    call: (...call) => explained(() => client.call(...call)),
    text: (...call) => explained(() => client.text(...call)),
    download: (...call) => explained(() => client.download(...call)),
    async *follow(...call) {
      try {
        yield* client.follow(...call);
      } catch (thrown) {
        throw explain(thrown, place);
      }
    },
  };
}

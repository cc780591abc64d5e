import { createClient } from '@kb-labs/client';
import { queryOptions } from '@tanstack/react-query';

import { GATEWAY_URL } from '../app/place.js';

let csrf: string | null = null;

/** Asks the gateway this page came from; the browser sends its session by itself. */
export const client = createClient({ url: GATEWAY_URL, csrf: () => csrf });

/** Who asks, and what they may do. Nothing can be changed before it was answered: with it comes what changes are sent with. */
export const callerQuery = queryOptions({
  queryKey: ['caller'],
  queryFn: async ({ signal }) => {
    const caller = await client.call('showCaller', { signal });
    csrf = caller.csrf;
    return caller;
  },
  staleTime: Number.POSITIVE_INFINITY,
});

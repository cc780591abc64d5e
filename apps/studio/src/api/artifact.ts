import { ENDPOINTS } from '@kb-labs/contracts/http/endpoints';
import { queryOptions } from '@tanstack/react-query';

import { GATEWAY_URL } from '../app/place.js';
import { client } from './client.js';
import { readHead } from './read-head.js';

/** No more of an artifact is fetched to be shown: what is larger is for a file. */
export const SHOWN_BYTES = 1_048_576;

/** The first bytes of an artifact. `address` is what the gateway finds it by; what it holds never changes under its digest. */
export const artifactQuery = (run: string, address: string, digest: string) =>
  queryOptions({
    queryKey: ['artifact', run, address, digest],
    queryFn: async ({ signal }) => readHead(await client.download('getArtifact', { params: { id: run, name: address }, signal }), SHOWN_BYTES),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });

/** Where the browser gets it as a file. */
export function artifactUrl(run: string, address: string): string {
  const path = ENDPOINTS.getArtifact.path.replace(':id', encodeURIComponent(run)).replace(':name', encodeURIComponent(address));
  return new URL(path.slice(1), GATEWAY_URL).href;
}

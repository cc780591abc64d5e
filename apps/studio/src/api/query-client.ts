import { fromUnknown } from '@kb-labs/errors';
import { QueryClient } from '@tanstack/react-query';

/** Nothing here asks more often than this by itself: what has to be seen at once comes by a stream. */
export const SLOW_POLL_MS = 15_000;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What the gateway refused would be refused again.
      retry: (failures, thrown) => failures < 2 && fromUnknown(thrown).retryable,
      throwOnError: false,
    },
  },
});

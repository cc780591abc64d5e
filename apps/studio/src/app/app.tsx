import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { fromUnknown } from '@kb-labs/errors';
import { QueryClientProvider, useQuery } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';

import { callerQuery } from '../api/client.js';
import { queryClient } from '../api/query-client.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { styleNonce } from './nonce.js';
import { router } from './router.js';
import { SignIn } from './sign-in.js';
import { cssVariables, theme } from './theme.js';

export function App() {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto" getStyleNonce={styleNonce}>
      <QueryClientProvider client={queryClient}>
        <Notifications position="bottom-right" />
        <Entrance />
      </QueryClientProvider>
    </MantineProvider>
  );
}

/** Who has no session is asked for a key; everybody else comes in. */
function Entrance() {
  const { data, error, refetch } = useQuery(callerQuery);
  if (data !== undefined) return <RouterProvider router={router} />;
  if (error === null) return <Pending />;
  if (fromUnknown(error).status === 401) return <SignIn />;
  return <Problem thrown={error} retry={() => void refetch()} />;
}

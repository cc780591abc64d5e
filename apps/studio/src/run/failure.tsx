import { Alert, Code, Stack, Text } from '@mantine/core';
import type { RunError } from '@kb-labs/contracts';

import { JsonView } from '../parts/json-view.js';
import classes from './run.module.css';

/** Why something failed, as its code says it. `brief`: without the details. */
export function Failure({ error, brief = false }: { readonly error: RunError | undefined; readonly brief?: boolean }) {
  if (error === undefined) return null;
  if (brief) {
    return (
      <Text size="sm" className={classes['error']} role="status">
        <b>{error.message}</b> <Code>{error.code}</Code> {error.hint}
      </Text>
    );
  }
  return (
    <Alert color="red" variant="outline" title={error.message} classNames={{ title: classes['error'] ?? '' }}>
      <Stack gap="xs" align="flex-start">
        {error.hint === undefined ? null : <Text>{error.hint}</Text>}
        <Code>{error.code}</Code>
        {error.details === undefined ? null : <JsonView label="Details" value={error.details} />}
      </Stack>
    </Alert>
  );
}

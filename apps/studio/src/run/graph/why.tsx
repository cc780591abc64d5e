import { Text } from '@mantine/core';
import type { ReasonView, RunError } from '@kb-labs/contracts';

import classes from './graph.module.css';

/** Why something stands as it does: what decided, or what failed. */
export function Why({ reason, error }: { readonly reason: ReasonView | undefined; readonly error: RunError | undefined }) {
  if (error !== undefined) {
    return (
      <div className={classes['error']}>
        <Text size="sm">{error.message}</Text>
        <Text size="xs" c="dimmed">
          {error.code}
          {error.hint === undefined ? '' : ` · ${error.hint}`}
        </Text>
      </div>
    );
  }
  if (reason === undefined) return null;
  return (
    <Text size="sm" c="dimmed">
      {reason.message}
      {reason.expression === undefined ? null : (
        <>
          {' '}
          <code>{reason.expression}</code>
        </>
      )}
    </Text>
  );
}

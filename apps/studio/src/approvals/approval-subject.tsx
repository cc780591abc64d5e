import { Stack, Text } from '@mantine/core';
import type { JsonValue } from '@kb-labs/contracts';
import { useSuspenseQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';

import { callerQuery } from '../api/client.js';
import { Facts } from '../parts/facts.js';
import { JsonView } from '../parts/json-view.js';
import { Time } from '../parts/time.js';
import type { ApprovalWaitView } from './approval-wait.js';
import { factsOf } from './facts-of.js';

const MarkdownText = lazy(() => import('../parts/markdown.js').then(({ MarkdownText: component }) => ({ default: component })));

/** What is to be decided, and who may do it until when. */
export function ApprovalSubject({ wait }: { readonly wait: ApprovalWaitView }) {
  const { instructions, context, approvers, preventSelfApproval, expiresAt } = wait;
  return (
    <Stack gap="sm">
      {instructions === null ? null : (
        <Suspense fallback={<Text style={{ whiteSpace: 'pre-wrap' }}>{instructions}</Text>}>
          <MarkdownText text={instructions} />
        </Suspense>
      )}
      <Context context={context} />
      <Facts
        rows={[
          ['May decide', <Approvers key="approvers" approvers={approvers} />],
          ['May not approve', preventSelfApproval === true ? 'whoever started the run' : undefined],
          ['Expires', expiresAt === null ? 'never' : <Time key="expires" at={expiresAt} />],
        ]}
      />
    </Stack>
  );
}

function Context({ context }: { readonly context: JsonValue }) {
  if (context === null) return null;
  const facts = factsOf(context);
  return facts === undefined ? <JsonView value={context} label="Context" /> : <Facts rows={facts} />;
}

function Approvers({ approvers }: { readonly approvers: readonly string[] | null }) {
  const { data: caller } = useSuspenseQuery(callerQuery);
  if (approvers === null) return 'anybody who may approve';
  return (
    <>
      {approvers.join(', ')}
      {approvers.includes(caller.name) ? null : (
        <Text size="sm" c="var(--status-wait)">
          You are signed in as {caller.name}.
        </Text>
      )}
    </>
  );
}

import { Group, Stack, Text } from '@mantine/core';
import type { RunView } from '@kb-labs/contracts';
import { hasCode } from '@kb-labs/errors';
import { useQuery } from '@tanstack/react-query';

import { client } from '../api/client.js';
import { CodeBlock } from '../parts/code-block.js';
import { Copy } from '../parts/copy.js';
import { Empty } from '../parts/empty.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';

/** The document that a run was started from, whatever its file says now. */
export function DocumentTab({ run }: { readonly run: RunView }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['run', run.id, 'document'],
    queryFn: ({ signal }) => client.call('getRunDocument', { params: { id: run.id }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (hasCode(error, 'DOCUMENT_NOT_KEPT')) {
    return (
      <Empty title="The document of this run was not kept">
        It was started before documents were kept with runs, or by a workflow that has none. What the workflow says now is on its page; it may have changed since.
      </Empty>
    );
  }
  if (data === undefined) return error === null ? <Pending /> : <Problem thrown={error} retry={() => void refetch()} />;
  return (
    <Stack gap="xs">
      <Group gap={4}>
        <Text size="sm" c="dimmed">
          As it was when the run was started{run.rerunOf === undefined ? '' : ', which is that of the run it was run again from'}. Digest <code>{data.digest.slice(0, 19)}…</code>
        </Text>
        <Copy text={data.digest} what="the digest" />
      </Group>
      <CodeBlock text={data.text} language={data.format} label={data.file} maxHeight={4_000} />
    </Stack>
  );
}

import { Paper, Stack, Title } from '@mantine/core';

import { Diagnostics } from '../parts/diagnostics.js';
import type { WorkflowDetail } from './workflow-entry.js';

/** What is wrong with documents, each with its place. */
export function BrokenDocuments({ diagnostics, title }: { readonly diagnostics: WorkflowDetail['diagnostics']; readonly title?: string }) {
  if (diagnostics.length === 0) return null;
  const files = new Set(diagnostics.map(({ file }) => file)).size;
  const counted = `${String(diagnostics.length)} ${diagnostics.length === 1 ? 'problem' : 'problems'} in ${files === 1 ? '1 document' : `${String(files)} documents`}`;
  return (
    <Paper withBorder p="md" component="section" aria-label={title ?? counted}>
      <Stack gap="xs">
        <Title order={2}>{title ?? counted}</Title>
        <Diagnostics items={diagnostics} />
      </Stack>
    </Paper>
  );
}

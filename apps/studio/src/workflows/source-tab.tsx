import { Stack } from '@mantine/core';

import { CodeBlock } from '../parts/code-block.js';
import { BrokenDocuments } from './broken-documents.js';
import type { WorkflowDetail } from './workflow-entry.js';

/** The document as it is in its file now, with what is wrong at its lines. */
export function SourceTab({ workflow: { source, file, diagnostics } }: { readonly workflow: WorkflowDetail }) {
  return (
    <Stack gap="md">
      <BrokenDocuments diagnostics={diagnostics} />
      <CodeBlock text={source.text} language={source.format} label={file} maxHeight={900} marks={diagnostics} />
    </Stack>
  );
}

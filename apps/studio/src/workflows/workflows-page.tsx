import { TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';

import { SLOW_POLL_MS } from '../api/query-client.js';
import { workflowsQuery } from '../api/workflows.js';
import { Empty } from '../parts/empty.js';
import { Page } from '../parts/page.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { BrokenDocuments } from './broken-documents.js';
import { fits } from './workflow-entry.js';
import { WorkflowsTable } from './workflows-table.js';

/** The workflows of the project, and the documents that cannot be read. */
export function WorkflowsPage() {
  const { data, error, refetch } = useQuery({ ...workflowsQuery, refetchInterval: SLOW_POLL_MS });
  const [wanted, setWanted] = useState('');
  const search = useRef<HTMLInputElement>(null);
  useHotkeys([['/', () => search.current?.focus()]]);
  if (data === undefined) return <Page title="Workflows">{error === null ? <Pending /> : <Problem thrown={error} retry={() => void refetch()} />}</Page>;
  const { items, diagnostics } = data;
  const found = items.filter((item) => fits(item, wanted.trim()));
  return (
    <Page
      title="Workflows"
      actions={
        items.length === 0 ? undefined : (
          <TextInput
            ref={search}
            size="xs"
            w={260}
            leftSection={<IconSearch size={14} aria-hidden />}
            placeholder="Search"
            aria-label="Search workflows"
            value={wanted}
            onChange={({ currentTarget }) => {
              setWanted(currentTarget.value);
            }}
          />
        )
      }
    >
      <BrokenDocuments diagnostics={diagnostics} />
      {items.length === 0 ? (
        <Empty title="No workflows yet" command="kb workflow:new first">
          A workflow is a file in <code>.kb/workflows</code>: jobs, their steps and what starts them. This makes one that runs.
        </Empty>
      ) : found.length === 0 ? (
        <Empty title="None is called like this">Nothing in the names, ids, files and triggers of {String(items.length)} workflows has “{wanted.trim()}”.</Empty>
      ) : (
        <WorkflowsTable items={found} />
      )}
    </Page>
  );
}

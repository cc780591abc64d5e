import type { SessionRunView, SessionView } from '@kb-labs/contracts';
import { Button, Group, Stack, Table, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { client } from '../api/client.js';
import { AllowedButton } from '../parts/allowed-button.js';
import { AnchorLink } from '../parts/anchor-link.js';
import { Facts } from '../parts/facts.js';
import { Heads } from '../parts/heads.js';
import { JsonView } from '../parts/json-view.js';
import { Page } from '../parts/page.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { StatusBadge } from '../parts/status-badge.js';
import { tellDone, tellProblem } from '../parts/tell.js';
import { Duration, Time } from '../parts/time.js';
import { EndSession } from './end-session.js';
import { sessionQuery, sessionRunsQuery } from './queries.js';
import { SubmitInput } from './submit-input.js';

const route = getRouteApi('/sessions/$id');
const crumbs = [{ text: 'Sessions', to: '/sessions' }] as const;

export function SessionPage() {
  const { id } = route.useParams();
  const { data, error, refetch } = useQuery(sessionQuery(id));
  if (data !== undefined) return <Session session={data} />;
  return (
    <Page title={id} crumbs={crumbs}>
      {error === null ? <Pending /> : <Problem thrown={error} retry={() => void refetch()} />}
    </Page>
  );
}

function Session({ session }: { readonly session: SessionView }) {
  const { session_id: id, title, status, kind, agent_id, parent, created_at, created_by, ended_at, metadata } = session;
  const [submitting, submit] = useDisclosure(false);
  const [ending, end] = useDisclosure(false);
  const ended = status === 'ended' ? 'The session has ended' : kind === 'sidechain' ? 'A sidechain is for the run that made it' : undefined;
  return (
    <Page
      title={title ?? id}
      crumbs={crumbs}
      subtitle={
        <Group gap="md">
          <StatusBadge status={status} />
          <span>{id}</span>
        </Group>
      }
      actions={
        <>
          <AllowedButton permission="run" variant="default" onClick={end.open} because={ended}>
            End
          </AllowedButton>
          <AllowedButton permission="run" onClick={submit.open} because={ended}>
            Submit a run
          </AllowedButton>
        </>
      }
    >
      {submitting ? <SubmitInput id={id} onClose={submit.close} /> : null}
      {ending ? <EndSession session={session} onClose={end.close} /> : null}
      <Facts
        rows={[
          ['Agent', agent_id],
          ['Kind', kind],
          ['Made by', parent === null ? undefined : <AnchorLink key="parent" to="/runs/$id" params={{ id: parent.run_id }}>{parent.task_id}</AnchorLink>],
          ['Opened', <Group key="opened" gap={4} component="span"><Time at={created_at} /><span>{`by ${created_by}`}</span></Group>],
          ['Ended', ended_at === null ? undefined : <Time key="ended" at={ended_at} />],
        ]}
      />
      <Runs id={id} queued={session.queued_run_ids} />
      {Object.keys(metadata).length === 0 ? null : <JsonView value={metadata} label="Metadata" />}
    </Page>
  );
}

function Runs({ id, queued }: { readonly id: string; readonly queued: readonly string[] }) {
  const { data, error } = useQuery(sessionRunsQuery(id));
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: (run: string) => client.call('cancelSessionRun', { params: { id: run }, body: {} }),
    onSuccess: async () => {
      tellDone('The run is being cancelled');
      await queries.invalidateQueries({ queryKey: ['sessions', id] });
    },
    onError: (thrown) => {
      tellProblem('It was not cancelled', thrown);
    },
  });
  return (
    <Stack gap="xs" component="section">
      <Title order={2}>Runs</Title>
      {error === null ? null : <Problem thrown={error} />}
      {data === undefined ? <Pending /> : <Lines runs={data.items} queued={queued} onCancel={cancel.mutate} />}
    </Stack>
  );
}

const OPEN: readonly SessionRunView['status'][] = ['queued', 'running', 'waiting_for_approval', 'waiting_for_user_question'];

function Lines({ runs, queued, onCancel }: { readonly runs: readonly SessionRunView[]; readonly queued: readonly string[]; readonly onCancel: (run: string) => void }) {
  if (runs.length === 0) return <Text c="dimmed">Nothing was submitted yet.</Text>;
  return (
    <Table.ScrollContainer minWidth={680}>
      <Table highlightOnHover aria-label="Runs of the session">
        <Heads of={['Status', 'Run', 'Workflow', 'Submitted', 'Took', { name: 'What can be done', hidden: true }]} />
        <Table.Tbody>
          {runs.map(({ run_id, status, workflow_id, submitted_at, started_at, finished_at }) => (
            <Table.Tr key={run_id}>
              <Table.Td>
                <StatusBadge status={status} {...(queued.includes(run_id) ? { note: `${String(queued.indexOf(run_id) + 1)}. in the line` } : {})} />
              </Table.Td>
              <Table.Td>
                {queued.includes(run_id) ? (
                  run_id
                ) : (
                  <AnchorLink to="/runs/$id" params={{ id: run_id }}>
                    {run_id}
                  </AnchorLink>
                )}
              </Table.Td>
              <Table.Td>{workflow_id}</Table.Td>
              <Table.Td>
                <Time at={submitted_at} />
              </Table.Td>
              <Table.Td>
                <Duration from={started_at} to={finished_at} />
              </Table.Td>
              <Table.Td>
                {OPEN.includes(status) ? (
                  <Button
                    variant="default"
                    size="compact-sm"
                    aria-label={`Cancel ${run_id}`}
                    onClick={() => {
                      onCancel(run_id);
                    }}
                  >
                    Cancel
                  </Button>
                ) : null}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

import type { FlowView } from '@kb-labs/contracts';
import { Group, Stack, Tabs, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';

import { client } from '../api/client.js';
import { FLOW_TABS } from '../app/searches.js';
import { AllowedButton } from '../parts/allowed-button.js';
import { AnchorLink } from '../parts/anchor-link.js';
import { Facts } from '../parts/facts.js';
import { Page } from '../parts/page.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { StatusBadge } from '../parts/status-badge.js';
import { tellProblem } from '../parts/tell.js';
import { Time } from '../parts/time.js';
import { AddEvidence } from './add-evidence.js';
import { CancelFlow } from './cancel-flow.js';
import { Contract } from './contract.js';
import { Events } from './events.js';
import { Evidence } from './evidence.js';
import { LinkedRuns } from './linked-runs.js';
import { Phases } from './phases.js';
import { flowQuery } from './queries.js';
import { Reasons } from './reasons.js';
import { FlowRecordView } from './record-view.js';
import { saveJson } from './save-json.js';
import { useLiveFlow } from './use-live-flow.js';

const route = getRouteApi('/flows/$id');
const crumbs = [{ text: 'Flows', to: '/flows' }] as const;

export function FlowPage() {
  const { id } = route.useParams();
  const { data, error, refetch } = useQuery(flowQuery(id));
  if (data !== undefined) return <Flow key={id} flow={data} />;
  return (
    <Page title={id} crumbs={crumbs}>
      {error === null ? <Pending /> : <Problem thrown={error} retry={() => void refetch()} />}
    </Page>
  );
}

function Flow({ flow }: { readonly flow: FlowView }) {
  const { flow_id: id, status, playbook_ref: ref, session_id, run_id, created_at, created_by, cancel_requested: cancelled } = flow;
  const { tab = 'contract' } = route.useSearch();
  const navigate = route.useNavigate();
  const events = useLiveFlow(id, { runId: run_id, status });
  const [adding, add] = useDisclosure(false);
  const [cancelling, cancel] = useDisclosure(false);
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () => client.call('exportFlow', { params: { id } }),
    onSuccess: (exported) => {
      saveJson(exported, `${id}.json`);
    },
    onError: (thrown) => {
      tellProblem('It was not exported', thrown);
    },
  });
  const ended = status === 'succeeded' || status === 'failed' || status === 'cancelled' ? `It is ${status} already` : undefined;
  return (
    <Page
      title={id}
      crumbs={crumbs}
      subtitle={
        <Group gap="md">
          <StatusBadge status={status} />
          <AnchorLink to="/playbooks/$id" params={{ id: ref.playbook_id }} search={{ version: ref.version }}>
            {`${ref.playbook_id} ${ref.version}`}
          </AnchorLink>
        </Group>
      }
      actions={
        <>
          <AllowedButton permission="read" variant="default" loading={save.isPending} onClick={() => { save.mutate(); }}>
            Export
          </AllowedButton>
          <AllowedButton permission="run" variant="default" onClick={cancel.open} because={ended}>
            Cancel
          </AllowedButton>
          <AllowedButton permission="run" onClick={add.open}>
            Add evidence
          </AllowedButton>
        </>
      }
    >
      {adding ? <AddEvidence flow={flow} onClose={add.close} /> : null}
      {cancelling ? <CancelFlow id={id} onClose={cancel.close} onDone={() => void queries.invalidateQueries({ queryKey: ['flows', id] })} /> : null}
      <Reasons flow={flow} />
      <Facts
        rows={[
          ['Root run', run_id === null ? 'none yet' : <AnchorLink key="run" to="/runs/$id" params={{ id: run_id }}>{run_id}</AnchorLink>],
          ['Session', <AnchorLink key="session" to="/sessions/$id" params={{ id: session_id }}>{session_id}</AnchorLink>],
          ['Started', <Group key="started" gap={4} component="span"><Time at={created_at} /><span>{`by ${created_by}`}</span></Group>],
          ['Release state at its start', <StatusBadge key="state" status={flow.release_state_at_start} />],
          ['Cancelled', cancelled === null ? undefined : <Stack key="cancelled" gap={0} component="span"><Group gap={4} component="span"><Time at={cancelled.at} /><span>{`by ${cancelled.by}`}</span></Group>{cancelled.reason === null ? null : <Text component="span" size="sm">{cancelled.reason}</Text>}</Stack>],
        ]}
      />
      <Phases phases={flow.phase_states} />
      <Tabs value={tab} onChange={(next) => void navigate({ search: { tab: FLOW_TABS.find((each) => each === next) ?? 'contract' } })} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="contract">Contract</Tabs.Tab>
          <Tabs.Tab value="runs">Runs and prompts</Tabs.Tab>
          <Tabs.Tab value="evidence">{`Evidence (${String(flow.evidence_refs.length)})`}</Tabs.Tab>
          <Tabs.Tab value="events">Events</Tabs.Tab>
          <Tabs.Tab value="record">Record</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="contract" pt="md">
          <Contract contract={flow.contract} />
        </Tabs.Panel>
        <Tabs.Panel value="runs" pt="md">
          <LinkedRuns flow={flow} />
        </Tabs.Panel>
        <Tabs.Panel value="evidence" pt="md">
          <Evidence items={flow.evidence_refs} />
        </Tabs.Panel>
        <Tabs.Panel value="events" pt="md">
          <Events events={events} />
        </Tabs.Panel>
        <Tabs.Panel value="record" pt="md">
          <FlowRecordView flow={flow} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

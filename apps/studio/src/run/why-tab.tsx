import { Code, Group, Stack, Text, Title } from '@mantine/core';
import type { ExplainedNode, Missing, ReasonView, RunView } from '@kb-labs/contracts';
import { useQuery } from '@tanstack/react-query';

import { client } from '../api/client.js';
import { AnchorLink } from '../parts/anchor-link.js';
import { Facts } from '../parts/facts.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { shortId } from '../parts/short-id.js';
import { StatusBadge } from '../parts/status-badge.js';
import { Time } from '../parts/time.js';
import { Failure } from './failure.js';
import classes from './run.module.css';

/** Why each part of a run is where it is: the rule, the values that decided, what is missing. */
export function WhyTab({ run }: { readonly run: RunView }) {
  const { data, error, refetch } = useQuery({
    // Another answer whenever a part of the run has changed its state.
    queryKey: ['run', run.id, 'why', [run.status, run.reason?.rule, ...run.jobs.flatMap(({ status, steps }) => [status, ...steps.map((step) => step.status)])].join(' ')],
    queryFn: ({ signal }) => client.call('explainRun', { params: { id: run.id }, signal }),
    placeholderData: (known) => known,
    // Of a run that goes on there are many, and only the last is of use.
    gcTime: 0,
  });
  if (data === undefined) return error === null ? <Pending /> : <Problem thrown={error} retry={() => void refetch()} />;
  return (
    <Stack gap="sm">
      <section className={classes['node']} aria-label="The run">
        <Group gap="sm" mb="xs">
          <Title order={2}>The run</Title>
          <StatusBadge status={data.status} />
        </Group>
        {data.reason === undefined && data.error === undefined ? <Text c="dimmed">{data.nodes.length === 0 ? 'Everything succeeded at the first try.' : 'It is what its parts make it; they are below.'}</Text> : null}
        <Because reason={data.reason} />
        <Failure error={data.error} />
      </section>
      {data.nodes.map((node) => (
        <Node key={`${node.job} ${node.step ?? ''}`} node={node} nameOf={nameOf(run, node)} fromStep={node.step === undefined && data.nodes.some(({ job, step, error: own }) => job === node.job && step !== undefined && own !== undefined && own.message === node.error?.message)} />
      ))}
    </Stack>
  );
}

function nameOf({ jobs }: RunView, { job, step }: ExplainedNode): string {
  const found = jobs.find(({ key }) => key === job);
  if (step === undefined) return found?.name ?? job;
  return `${found?.name ?? job} / ${found?.steps.find(({ id }) => id === step)?.name ?? step}`;
}

function Node({ node, nameOf: name, fromStep }: { readonly node: ExplainedNode; readonly nameOf: string; /** One of its steps says the same, and more. */ readonly fromStep: boolean }) {
  return (
    <section className={classes['node']} aria-label={name}>
      <Stack gap="xs">
        <Group gap="sm">
          <Title order={3}>{name}</Title>
          <StatusBadge status={node.status} {...(node.attempt > 1 ? { note: `attempt ${String(node.attempt)}` } : {})} />
        </Group>
        <Because reason={node.reason} />
        {node.missing === undefined ? null : <WhatIsMissing missing={node.missing} />}
        {fromStep ? <Text size="sm">A step of it failed: it is below.</Text> : <Failure error={node.error} />}
      </Stack>
    </section>
  );
}

function Because({ reason }: { readonly reason: ReasonView | undefined }) {
  if (reason === undefined) return null;
  const values = Object.entries(reason.values ?? {});
  return (
    <Stack gap={4}>
      <Text>
        {reason.message} <Code>{reason.rule}</Code>
      </Text>
      {reason.expression === undefined ? null : (
        <Text size="sm">
          Condition: <Code>{reason.expression}</Code>
        </Text>
      )}
      {values.length === 0 ? null : <Facts rows={values.map(([name, value]) => [name, <Code key={name}>{JSON.stringify(value)}</Code>])} />}
      {reason.dueAt === undefined ? null : (
        <Text size="sm">
          Until: <Time at={reason.dueAt} />
        </Text>
      )}
    </Stack>
  );
}

function WhatIsMissing({ missing }: { readonly missing: Missing }) {
  return (
    <Text size="sm" component="div">
      <b>Missing:</b> {missing.message} {detailOf(missing)}
    </Text>
  );
}

function detailOf(missing: Missing) {
  switch (missing.kind) {
    case 'lock':
      return (
        <>
          Held by <AnchorLink to="/runs/$id" params={{ id: missing.heldBy.runId }}>{shortId(missing.heldBy.runId)}</AnchorLink>
          {missing.heldBy.job === null ? '' : `, ${missing.heldBy.job}`}; {missing.ahead === 0 ? 'it is next' : `${String(missing.ahead)} before it`}.
        </>
      );
    case 'child':
      return <AnchorLink to="/runs/$id" params={{ id: missing.runId }}>{shortId(missing.runId)}</AnchorLink>;
    case 'time':
      return <Time at={missing.dueAt} />;
    case 'approval':
    case 'signal':
      return missing.expiresAt === null ? null : (
        <>
          Ends <Time at={missing.expiresAt} />.
        </>
      );
    case 'jobs':
    case 'slot':
    case 'worker':
      return null;
  }
}

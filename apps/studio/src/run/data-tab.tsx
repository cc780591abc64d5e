import { Group, Stack, Text, Title } from '@mantine/core';
import type { JobView, JsonObject, RunView, StepView } from '@kb-labs/contracts';

import { JsonView } from '../parts/json-view.js';
import { StatusBadge } from '../parts/status-badge.js';
import { Failure } from './failure.js';
import classes from './run.module.css';

/** What went into a run and its parts, and what came out. */
export function DataTab({ run }: { readonly run: RunView }) {
  const jobs = run.jobs.filter((job) => saysSomething(job) || job.steps.some(saysSomething));
  return (
    <Stack gap="lg">
      <Stack component="section" gap="sm" aria-label="The run">
        <Title order={2}>The run</Title>
        <Failure error={run.error} />
        <Values label="Inputs" value={run.input} always />
        <Values label="Outputs" value={run.outputs} always />
        {run.trigger.payload === null ? null : <JsonView label="Payload of the trigger" value={run.trigger.payload} />}
      </Stack>
      {jobs.map((job) => (
        <Stack component="section" gap="sm" key={job.key} aria-label={job.name}>
          <Part part={job} heading />
          {job.steps.filter(saysSomething).map((step) => (
            <Stack key={step.id} gap="xs" className={classes['node']}>
              <Part part={step} />
            </Stack>
          ))}
        </Stack>
      ))}
      {jobs.length === 0 ? <Text c="dimmed">No job has outputs or an error.</Text> : null}
    </Stack>
  );
}

function saysSomething({ outputs, error }: JobView | StepView): boolean {
  return error !== undefined || Object.keys(outputs).length > 0;
}

function Part({ part, heading = false }: { readonly part: JobView | StepView; readonly heading?: boolean }) {
  return (
    <>
      <Group gap="sm">
        <Title order={heading ? 2 : 3}>{part.name}</Title>
        <StatusBadge status={part.status} />
      </Group>
      <Failure error={part.error} />
      <Values label={`Outputs of ${part.name}`} value={part.outputs} />
    </>
  );
}

function Values({ label, value, always = false }: { readonly label: string; readonly value: JsonObject; readonly always?: boolean }) {
  if (Object.keys(value).length > 0) return <JsonView label={label} value={value} />;
  return always ? <Text c="dimmed">{label}: none</Text> : null;
}

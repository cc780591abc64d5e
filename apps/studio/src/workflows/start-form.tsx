import { Group, Paper, Stack, Text, TextInput } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useMemo, useState } from 'react';

import { notAllowed, useMay } from '../api/may.js';
import { GatedButton } from '../parts/gated-button.js';
import { Problem } from '../parts/problem.js';
import { focusFirstProblem } from '../parts/schema-form/focus-first-problem.js';
import { inputsSchema } from '../parts/schema-form/inputs-schema.js';
import { SchemaForm } from '../parts/schema-form/schema-form.js';
import { useSchemaForm } from '../parts/schema-form/use-schema-form.js';
import { CopyStart } from './copy-start.js';
import { useStart } from './use-start.js';
import type { WorkflowDetail } from './workflow-entry.js';

/** Starts a run with inputs that were checked here first. */
export function StartForm({ workflow }: { readonly workflow: WorkflowDetail }) {
  const { id, inputs, triggers, valid } = workflow;
  const schema = useMemo(() => inputsSchema(inputs), [inputs]);
  const form = useSchemaForm(schema);
  const [idempotencyKey, setIdempotencyKey] = useState('');
  const may = useMay('run');
  const { start, starting, problem } = useStart(id, form.refuse);
  const refused = !may ? notAllowed('run') : !valid ? 'Its document is broken' : !triggers.manual ? 'Its document says that it is not started by hand (on.manual)' : undefined;
  const asks = Object.keys(inputs).length > 0;
  return (
    <Paper withBorder p="md" maw={720} component="section" aria-label="Start a run">
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const input = asks ? form.check() : {};
          if (input === undefined) focusFirstProblem(event.currentTarget);
          else if (refused === undefined && !starting) void start(input, idempotencyKey.trim());
        }}
      >
        <Stack gap="md">
          {asks ? <SchemaForm {...form.props} /> : <Text c="dimmed">It has no inputs.</Text>}
          <TextInput
            label="Idempotency key"
            description="Optional. The same key with the same inputs starts one run, however often it is sent."
            value={idempotencyKey}
            maxLength={256}
            autoComplete="off"
            onChange={({ currentTarget }) => {
              setIdempotencyKey(currentTarget.value);
            }}
          />
          {problem === undefined ? null : <Problem thrown={problem} />}
          <Group>
            <GatedButton type="submit" leftSection={<IconPlayerPlay size={16} />} loading={starting} refused={refused}>
              Run
            </GatedButton>
            <CopyStart workflowId={id} input={asks ? form.value : {}} />
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}

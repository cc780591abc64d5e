import { Button, Group, JsonInput, Modal, Select, Stack } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { client } from '../api/client.js';
import { workflowsQuery } from '../api/workflows.js';
import { readJsonObject } from '../parts/json-field.js';
import { Problem } from '../parts/problem.js';
import { tellDone } from '../parts/tell.js';

/** Asks a session for a run: it begins when all before it have ended. */
export function SubmitInput({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const [workflow, setWorkflow] = useState<string | null>(null);
  const [inputs, setInputs] = useState('');
  const [metadata, setMetadata] = useState('');
  const workflows = useQuery(workflowsQuery).data?.items ?? [];
  const queries = useQueryClient();
  const given = readJsonObject(inputs);
  const meta = readJsonObject(metadata);
  const submit = useMutation({
    mutationFn: () =>
      client.call('submitInput', {
        params: { id },
        body: { workflow_id: workflow ?? '', ...('value' in given ? { inputs: given.value } : {}), ...('value' in meta && Object.keys(meta.value).length > 0 ? { metadata: meta.value } : {}) },
      }),
    onSuccess: async ({ status }) => {
      await queries.invalidateQueries({ queryKey: ['sessions'] });
      tellDone(status === 'queued' ? 'It waits for its turn' : 'It has begun');
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title="Submit a run">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit.mutate();
        }}
      >
        <Stack>
          <Select label="Workflow" required searchable data={workflows.filter(({ valid }) => valid).map((each) => ({ value: each.id, label: each.name }))} value={workflow} onChange={setWorkflow} data-autofocus />
          <JsonInput label="Inputs" description="A JSON object" autosize minRows={2} value={inputs} onChange={setInputs} error={'problem' in given ? given.problem : undefined} />
          <JsonInput label="Metadata" description="A JSON object" autosize minRows={1} value={metadata} onChange={setMetadata} error={'problem' in meta ? meta.problem : undefined} />
          {submit.error === null ? null : <Problem thrown={submit.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Leave it
            </Button>
            <Button type="submit" loading={submit.isPending} disabled={workflow === null || 'problem' in given || 'problem' in meta}>
              Submit
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

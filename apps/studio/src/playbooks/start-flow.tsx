import type { PlaybookView } from '@kb-labs/contracts';
import { Autocomplete, Button, Group, JsonInput, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { client } from '../api/client.js';
import { EvidenceEditor, type EvidenceDraft, toEvidence } from '../parts/evidence-editor.js';
import { readJsonObject } from '../parts/json-field.js';
import { Problem } from '../parts/problem.js';
import { sessionsQuery } from '../sessions/queries.js';
import { manifestOf } from './manifest-of.js';
import { readInputs } from './read-inputs.js';

/** Starts a version in a session; one that is not there yet is opened. */
export function StartFlow({ playbook, onClose }: { readonly playbook: PlaybookView; readonly onClose: () => void }) {
  const { playbook_id, version, digest, title } = playbook;
  const { inputs = [], runtime_defaults } = manifestOf(playbook);
  const [session, setSession] = useState('');
  const [flowId, setFlowId] = useState('');
  const [workflow, setWorkflow] = useState('');
  const [metadata, setMetadata] = useState('');
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const [drafts, setDrafts] = useState<readonly EvidenceDraft[]>([]);
  const sessions = useQuery(sessionsQuery).data?.items ?? [];
  const queries = useQueryClient();
  const navigate = useNavigate();
  const meta = readJsonObject(metadata);
  const missing = inputs.filter(({ name, required = false }) => required && (values[name] ?? '') === '').map(({ name }) => name);
  const start = useMutation({
    mutationFn: async () => {
      const evidence = toEvidence(drafts);
      if (!sessions.some(({ session_id }) => session_id === session)) await client.call('createSession', { body: { session_id: session } });
      return client.call('startFlow', {
        body: {
          ...(flowId === '' ? {} : { flow_id: flowId }),
          playbook_ref: { playbook_id, version, digest },
          session_id: session,
          request: { inputs: readInputs(values), ...(workflow === '' ? {} : { workflow_id: workflow }) },
          ...('value' in meta && Object.keys(meta.value).length > 0 ? { metadata: meta.value } : {}),
          ...(evidence.length === 0 ? {} : { evidence_refs: evidence }),
        },
      });
    },
    onSuccess: async ({ flow_id: id }) => {
      await Promise.all([queries.invalidateQueries({ queryKey: ['flows'] }), queries.invalidateQueries({ queryKey: ['sessions'] })]);
      onClose();
      await navigate({ to: '/flows/$id', params: { id } });
    },
  });
  const text = (set: (value: string) => void) => ({ currentTarget: { value } }: { readonly currentTarget: { readonly value: string } }): void => {
    set(value);
  };
  return (
    <Modal opened onClose={onClose} title={`Start ${title} ${version}`} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          start.mutate();
        }}
      >
        <Stack>
          <Autocomplete
            label="Session"
            description="In a session one run goes on at a time. One that is not there yet is opened."
            required
            data={sessions.filter(({ status }) => status !== 'ended').map(({ session_id }) => session_id)}
            value={session}
            onChange={setSession}
            data-autofocus
          />
          {inputs.map(({ name, description, required = false }) => (
            <TextInput
              key={name}
              label={name}
              description={description}
              required={required}
              value={values[name] ?? ''}
              onChange={text((value) => {
                setValues({ ...values, [name]: value });
              })}
            />
          ))}
          {inputs.length === 0 ? null : (
            <Text size="xs" c="dimmed">
              A number, true, false or JSON is taken as such; anything else as text.
            </Text>
          )}
          <TextInput label="Workflow" description={runtime_defaults?.workflow_id === undefined ? 'The playbook names none' : `${runtime_defaults.workflow_id} when left empty`} required={runtime_defaults?.workflow_id === undefined} value={workflow} onChange={text(setWorkflow)} />
          <TextInput label="Id of the flow" description="The same id again is the same flow. Made when left empty." value={flowId} onChange={text(setFlowId)} />
          <JsonInput label="Metadata" description="A JSON object" autosize minRows={1} value={metadata} onChange={setMetadata} error={'problem' in meta ? meta.problem : undefined} />
          <EvidenceEditor legend="Evidence that is there already" value={drafts} onChange={setDrafts} />
          {start.error === null ? null : <Problem thrown={start.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Leave it
            </Button>
            <Button type="submit" loading={start.isPending} disabled={session === '' || missing.length > 0 || 'problem' in meta}>
              Start
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

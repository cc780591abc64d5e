import type { JsonAnswerOf } from '@kb-labs/contracts/http';
import { Button, FileButton, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { client } from '../api/client.js';
import { Diagnostics } from '../parts/diagnostics.js';
import { Digest } from '../parts/digest.js';
import { Problem } from '../parts/problem.js';
import { tellDone } from '../parts/tell.js';

const FILE = 'playbook.yml';

/** A manifest is checked as it is, every problem with its line, and then kept as a draft. */
export function CreatePlaybook({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  const [text, setText] = useState('');
  const queries = useQueryClient();
  const navigate = useNavigate();
  const check = useMutation({ mutationFn: () => client.call('validatePlaybook', { body: { text, file: FILE } }) });
  const keep = useMutation({
    mutationFn: async () => {
      const checked = await check.mutateAsync();
      return checked.valid && checked.manifest !== null ? client.call('createPlaybook', { body: { manifest: checked.manifest } }) : undefined;
    },
    onSuccess: async (kept) => {
      if (kept === undefined) return;
      await queries.invalidateQueries({ queryKey: ['playbooks'] });
      tellDone(`${kept.title} ${kept.version} is kept as a draft`);
      onClose();
      await navigate({ to: '/playbooks/$id', params: { id: kept.playbook_id }, search: { version: kept.version } });
    },
  });
  const change = (next: string): void => {
    setText(next);
    check.reset();
    keep.reset();
  };
  return (
    <Modal opened={opened} onClose={onClose} title="New version of a playbook" size="xl">
      <Stack>
        <Textarea
          label="Manifest, as YAML or JSON"
          placeholder={'playbook_id: release\nversion: 1.0.0\ntitle: …\nobjective: …'}
          autosize
          minRows={12}
          maxRows={24}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          value={text}
          onChange={({ currentTarget: { value } }) => {
            change(value);
          }}
          data-autofocus
        />
        <Result checked={check.data} />
        {check.error !== null ? <Problem thrown={check.error} /> : keep.error !== null ? <Problem thrown={keep.error} /> : null}
        <Group justify="space-between">
          <FileButton accept=".yml,.yaml,.json" onChange={(file) => void file?.text().then(change)}>
            {(props) => (
              <Button variant="default" {...props}>
                From a file
              </Button>
            )}
          </FileButton>
          <Group>
            <Button
              variant="default"
              loading={check.isPending && !keep.isPending}
              disabled={text.trim() === ''}
              onClick={() => {
                check.mutate();
              }}
            >
              Check
            </Button>
            <Button
              loading={keep.isPending}
              disabled={text.trim() === ''}
              onClick={() => {
                keep.mutate();
              }}
            >
              Keep as a draft
            </Button>
          </Group>
        </Group>
      </Stack>
    </Modal>
  );
}

function Result({ checked }: { readonly checked: JsonAnswerOf<'validatePlaybook'> | undefined }) {
  if (checked === undefined) return null;
  return (
    <Stack gap="xs" role="status">
      {checked.valid ? (
        <Group gap="xs">
          <Text>Nothing is wrong with it.</Text>
          {checked.digest === null ? null : <Digest value={checked.digest} />}
        </Group>
      ) : null}
      <Diagnostics items={checked.diagnostics} />
    </Stack>
  );
}

import type { PlaybookView } from '@kb-labs/contracts';
import { Button, Group, Modal, Stack, Switch, Text, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { client } from '../api/client.js';
import { Problem } from '../parts/problem.js';
import { tellDone } from '../parts/tell.js';

/** Takes a version back, for ever. */
export function RevokeVersion({ playbook, onClose }: { readonly playbook: PlaybookView; readonly onClose: () => void }) {
  const { playbook_id: id, version, digest, title } = playbook;
  const [reason, setReason] = useState('');
  const [stopRunning, setStopRunning] = useState(false);
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => client.call('revokePlaybook', { params: { id }, body: { version, digest, reason: reason.trim(), ...(stopRunning ? { stop_running: true } : {}) } }),
    onSuccess: async () => {
      await Promise.all([queries.invalidateQueries({ queryKey: ['playbooks'] }), queries.invalidateQueries({ queryKey: ['flows'] })]);
      tellDone(`${title} ${version} is revoked`);
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Revoke ${title} ${version}`}>
      <Stack>
        <Text>It starts no flows any more. This cannot be undone.</Text>
        <Textarea
          label="Reason"
          required
          autosize
          minRows={2}
          value={reason}
          onChange={({ currentTarget: { value } }) => {
            setReason(value);
          }}
          data-autofocus
        />
        <Switch
          label="Cancel the flows of it that go on"
          checked={stopRunning}
          onChange={({ currentTarget: { checked } }) => {
            setStopRunning(checked);
          }}
        />
        {revoke.error === null ? null : <Problem thrown={revoke.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Leave it
          </Button>
          <Button
            color="red"
            loading={revoke.isPending}
            disabled={reason.trim() === ''}
            onClick={() => {
              revoke.mutate();
            }}
          >
            Revoke for ever
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

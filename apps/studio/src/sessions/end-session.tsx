import type { SessionView } from '@kb-labs/contracts';
import { Button, Group, Modal, Stack, Switch, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { client } from '../api/client.js';
import { Problem } from '../parts/problem.js';

export function EndSession({ session: { session_id: id, status }, onClose }: { readonly session: SessionView; readonly onClose: () => void }) {
  const [cancel, setCancel] = useState(false);
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: () => client.call('endSession', { params: { id }, body: cancel ? { cancel: true } : {} }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['sessions'] });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={`End ${id}`}>
      <Stack>
        <Text>It takes no runs any more.</Text>
        {status === 'busy' ? (
          <Switch
            label="Cancel what goes on in it and what waits"
            checked={cancel}
            onChange={({ currentTarget: { checked } }) => {
              setCancel(checked);
            }}
          />
        ) : null}
        {end.error === null ? null : <Problem thrown={end.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Leave it
          </Button>
          <Button
            color="red"
            loading={end.isPending}
            onClick={() => {
              end.mutate();
            }}
          >
            End the session
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { client } from '../api/client.js';
import { Problem } from '../parts/problem.js';
import { tellDone } from '../parts/tell.js';

export function CancelFlow({ id, onClose, onDone }: { readonly id: string; readonly onClose: () => void; readonly onDone: () => void }) {
  const [reason, setReason] = useState('');
  const cancel = useMutation({
    mutationFn: () => client.call('cancelFlow', { params: { id }, body: reason.trim() === '' ? {} : { reason: reason.trim() } }),
    onSuccess: () => {
      tellDone('Its runs are being cancelled');
      onDone();
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Cancel ${id}`}>
      <Stack>
        <Text>Its root run is cancelled, and with it what that called.</Text>
        <TextInput
          label="Reason"
          value={reason}
          onChange={({ currentTarget: { value } }) => {
            setReason(value);
          }}
          data-autofocus
        />
        {cancel.error === null ? null : <Problem thrown={cancel.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Leave it running
          </Button>
          <Button
            color="red"
            loading={cancel.isPending}
            onClick={() => {
              cancel.mutate();
            }}
          >
            Cancel the flow
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

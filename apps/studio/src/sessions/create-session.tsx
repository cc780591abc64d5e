import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { client } from '../api/client.js';
import { Problem } from '../parts/problem.js';

export function CreateSession({ onClose }: { readonly onClose: () => void }) {
  const [id, setId] = useState('');
  const [title, setTitle] = useState('');
  const queries = useQueryClient();
  const navigate = useNavigate();
  const create = useMutation({
    mutationFn: () => client.call('createSession', { body: { ...(id === '' ? {} : { session_id: id }), ...(title === '' ? {} : { title }) } }),
    onSuccess: async ({ session_id }) => {
      await queries.invalidateQueries({ queryKey: ['sessions'] });
      onClose();
      await navigate({ to: '/sessions/$id', params: { id: session_id } });
    },
  });
  return (
    <Modal opened onClose={onClose} title="Open a session">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Stack>
          <TextInput
            label="Id"
            description="Letters, digits and ._-  Made when left empty."
            value={id}
            onChange={({ currentTarget: { value } }) => {
              setId(value);
            }}
            data-autofocus
          />
          <TextInput
            label="Title"
            value={title}
            onChange={({ currentTarget: { value } }) => {
              setTitle(value);
            }}
          />
          {create.error === null ? null : <Problem thrown={create.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Leave it
            </Button>
            <Button type="submit" loading={create.isPending}>
              Open
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

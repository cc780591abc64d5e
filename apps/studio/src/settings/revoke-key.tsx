import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ApiKeyView } from '@kb-labs/contracts';
import { useState } from 'react';

import { client } from '../api/client.js';
import { queryClient } from '../api/query-client.js';
import { tellDone, tellProblem } from '../parts/tell.js';
import { keysQuery } from './keys-query.js';

/** Takes a key back, after having asked: there is no way to give it again. */
export function RevokeKey({ apiKey: { id, name } }: { readonly apiKey: ApiKeyView }) {
  const [asked, { open, close }] = useDisclosure(false);
  const [busy, setBusy] = useState(false);
  const revoke = async (): Promise<void> => {
    setBusy(true);
    try {
      await client.call('revokeKey', { params: { id }, body: {} });
      tellDone(`“${name}” is revoked.`);
      close();
    } catch (thrown) {
      tellProblem('The key could not be revoked', thrown);
    } finally {
      setBusy(false);
      void queryClient.invalidateQueries({ queryKey: keysQuery.queryKey });
    }
  };
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={open} aria-label={`Revoke ${name}`}>
        Revoke
      </Button>
      <Modal opened={asked} onClose={close} title={`Revoke “${name}”?`} closeButtonProps={{ 'aria-label': 'Close' }}>
        <Stack>
          <Text>Whoever uses it is refused within five seconds, and the sessions that were opened with it end. It cannot be undone.</Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={close} data-autofocus>
              Keep it
            </Button>
            <Button color="red" loading={busy} onClick={() => void revoke()}>
              Revoke
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

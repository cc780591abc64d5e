import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import type { DeliveryView } from '@kb-labs/contracts';
import { IconRepeat } from '@tabler/icons-react';
import { useState } from 'react';

import { client } from '../api/client.js';
import { notAllowed, useMay } from '../api/may.js';
import { queryClient } from '../api/query-client.js';
import { GatedButton } from '../parts/gated-button.js';
import { tellProblem } from '../parts/tell.js';
import { deliveriesQuery } from './deliveries-query.js';

/** Carries a delivery out again, after having asked: its runs do what they do a second time. */
export function ReplayButton({ delivery: { id, source, event } }: { readonly delivery: DeliveryView }) {
  const may = useMay('write');
  const [asked, { open, close }] = useDisclosure(false);
  const [busy, setBusy] = useState(false);
  const replay = async (): Promise<void> => {
    setBusy(true);
    try {
      const { outcome } = await client.call('replayDelivery', { params: { id }, body: {} });
      notifications.show({ message: outcome === 'ignored' ? 'Replayed: no workflow listens to it now.' : 'Replayed: its runs start.' });
      close();
    } catch (thrown) {
      tellProblem('The delivery could not be replayed', thrown);
    } finally {
      setBusy(false);
      void queryClient.invalidateQueries({ queryKey: deliveriesQuery.queryKey });
    }
  };
  return (
    <>
      <GatedButton size="compact-sm" variant="default" leftSection={<IconRepeat size={14} />} refused={may ? undefined : notAllowed('write')} onClick={open}>
        Replay
      </GatedButton>
      <Modal opened={asked} onClose={close} title="Replay this delivery?" closeButtonProps={{ 'aria-label': 'Close' }}>
        <Stack>
          <Text>
            {event ?? 'What'} {source} sent is carried out again: every workflow that listens to it now gets a new run.
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Leave it
            </Button>
            <Button loading={busy} onClick={() => void replay()}>
              Replay
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

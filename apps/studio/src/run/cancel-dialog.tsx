import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import type { RunView } from '@kb-labs/contracts';
import { useState } from 'react';

import { client } from '../api/client.js';
import { Problem } from '../parts/problem.js';
import { tellDone } from '../parts/tell.js';

/** Asks before a run is ended, or, when it was already told to end, before its cleaning up is cut off. */
export function CancelDialog({ run, again, onClose }: { readonly run: RunView; readonly again: boolean; readonly onClose: () => void }) {
  const [note, setNote] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const cancel = async (): Promise<void> => {
    setBusy(true);
    try {
      await client.call('cancelRun', { params: { id: run.id }, body: note === '' ? {} : { note } });
      tellDone(again ? 'What cleans up is stopped too' : 'The run is being cancelled');
      onClose();
    } catch (thrown) {
      setProblem(thrown);
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={again ? 'Stop cleaning up' : 'Cancel this run'}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void cancel();
        }}
      >
        <Stack>
          <Text>
            {again
              ? 'The run was cancelled, and what runs now cleans up after it. Cancelled a second time, that is stopped too: what it would have put in order stays as it is.'
              : 'What runs is stopped; steps that clean up still run. Cancelled a second time, those are stopped too.'}
          </Text>
          <TextInput label="Why" description="Kept with the run; can be left empty" maxLength={1_024} value={note} onChange={({ currentTarget }) => { setNote(currentTarget.value); }} data-autofocus />
          {problem === undefined ? null : <Problem thrown={problem} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Let it run
            </Button>
            <Button type="submit" color="red.8" loading={busy}>
              {again ? 'Stop it all' : 'Cancel the run'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import type { RunView } from '@kb-labs/contracts';
import { useState } from 'react';

/** Asks which step a run is to be run again from. */
export function FromStepDialog({ run, onClose, onChoose }: { readonly run: RunView; readonly onClose: () => void; readonly onChoose: (from: string) => void }) {
  const [from, setFrom] = useState<string | null>(null);
  const jobs = run.jobs.filter(({ steps }) => steps.length > 0);
  return (
    <Modal opened onClose={onClose} title="Re-run from a step">
      <Stack>
        <Text>This step and what comes after it run again; what stands before it keeps its result.</Text>
        <Select
          label="Step"
          placeholder="Choose one"
          searchable
          data={jobs.map(({ key, name, steps }) => ({ group: name === key ? key : `${name} (${key})`, items: steps.map((step) => ({ value: `${key}/${step.id}`, label: step.name })) }))}
          value={from}
          onChange={setFrom}
          data-autofocus
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Back
          </Button>
          <Button disabled={from === null} onClick={() => { if (from !== null) onChoose(from); }}>
            Re-run from here
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

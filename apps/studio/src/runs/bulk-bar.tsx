import { Button, Group, Text } from '@mantine/core';
import { isTerminalRun, type RunSummaryView } from '@kb-labs/contracts';
import { IconBan, IconRotateClockwise } from '@tabler/icons-react';
import { useState } from 'react';

import { notAllowed, useMay } from '../api/may.js';
import { GatedButton } from '../parts/gated-button.js';
import { BulkDialog, type BulkAction } from './bulk-dialog.js';
import classes from './runs.module.css';

/** What can be done with the runs that are selected. */
export function BulkBar({ runs, onClear }: { readonly runs: readonly RunSummaryView[]; readonly onClear: () => void }) {
  const may = useMay('run');
  const [asked, setAsked] = useState<BulkAction | null>(null);
  const open = runs.filter(({ status }) => !isTerminalRun(status)).length;
  const over = runs.filter(({ status }) => isTerminalRun(status)).length;
  const failed = runs.filter(({ status }) => isTerminalRun(status) && status !== 'success').length;
  return (
    <>
      <Group className={classes['bulk']} p="xs" gap="xs" role="region" aria-label="Selected runs">
        <Text fw={600} px="xs" aria-live="polite">
          {runs.length} selected
        </Text>
        <GatedButton size="compact-md" variant="default" leftSection={<IconBan size={15} />} refused={!may ? notAllowed('run') : open === 0 ? 'None of them is open' : undefined} onClick={() => { setAsked('cancel'); }}>
          Cancel {open === 0 ? '' : open}
        </GatedButton>
        <GatedButton size="compact-md" variant="default" leftSection={<IconRotateClockwise size={15} />} refused={!may ? notAllowed('run') : over === 0 ? 'None of them is over' : undefined} onClick={() => { setAsked('all'); }}>
          Re-run {over === 0 ? '' : over}
        </GatedButton>
        <GatedButton size="compact-md" variant="default" leftSection={<IconRotateClockwise size={15} />} refused={!may ? notAllowed('run') : failed === 0 ? 'All of them that are over succeeded' : undefined} onClick={() => { setAsked('failed'); }}>
          Re-run what failed {failed === 0 ? '' : `in ${String(failed)}`}
        </GatedButton>
        <Button size="compact-md" variant="subtle" color="gray" onClick={onClear}>
          Clear selection
        </Button>
      </Group>
      {asked === null ? null : (
        <BulkDialog
          action={asked}
          runs={runs}
          onClose={(done) => {
            setAsked(null);
            if (done) onClear();
          }}
        />
      )}
    </>
  );
}

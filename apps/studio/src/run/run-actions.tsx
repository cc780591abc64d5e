import { ActionIcon, Button, Menu, Tooltip } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { isTerminalRun, type RunView } from '@kb-labs/contracts';
import { IconBan, IconChevronDown, IconDots, IconRotateClockwise } from '@tabler/icons-react';
import { useState } from 'react';

import { notAllowed, useMay } from '../api/may.js';
import { GATEWAY_URL } from '../app/place.js';
import { GatedButton } from '../parts/gated-button.js';
import { tellDone } from '../parts/tell.js';
import { CancelDialog } from './cancel-dialog.js';
import { FromStepDialog } from './from-step-dialog.js';
import { asCli, asCurl } from './run-commands.js';
import { useRerun } from './use-rerun.js';

interface RunActionsProps {
  readonly run: RunView;
  /** Somebody has cancelled it already. */
  readonly cancelling: boolean;
  readonly onChanged: () => void;
}

/** What can be done with a run. */
export function RunActions({ run, cancelling, onChanged }: RunActionsProps) {
  const may = useMay('run');
  const over = isTerminalRun(run.status);
  const [dialog, setDialog] = useState<'cancel' | 'from' | null>(null);
  const { rerun, busy } = useRerun(run.id);
  const clipboard = useClipboard();
  const copy = (text: string, what: string): void => {
    clipboard.copy(text);
    tellDone(`Copied: ${what}`);
  };
  return (
    <>
      {over ? null : (
        <GatedButton variant="default" leftSection={<IconBan size={16} />} refused={may ? undefined : notAllowed('run')} onClick={() => { setDialog('cancel'); }}>
          {cancelling ? 'Stop cleaning up' : 'Cancel'}
        </GatedButton>
      )}
      {may && over ? null : (
        <GatedButton variant="default" leftSection={<IconRotateClockwise size={16} />} refused={may ? 'It can be run again when it is over' : notAllowed('run')}>
          Re-run
        </GatedButton>
      )}
      {may && over ? (
      <Menu position="bottom-end" width={300}>
        <Menu.Target>
          <Button variant="filled" leftSection={<IconRotateClockwise size={16} />} rightSection={<IconChevronDown size={16} />} loading={busy}>
            Re-run
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => void rerun({ mode: 'all' })}>Everything</Menu.Item>
          <Menu.Item disabled={run.status === 'success'} onClick={() => void rerun({ mode: 'failed' })}>
            What failed, and what comes after it
          </Menu.Item>
          <Menu.Item onClick={() => { setDialog('from'); }}>From a step …</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      ) : null}
      <Menu position="bottom-end">
        <Menu.Target>
          <Tooltip label="Copy">
            <ActionIcon variant="default" size={36} aria-label="Copy this run as a command">
              <IconDots size={18} />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => { copy(asCli(run), 'the command that starts the same'); }}>Copy as CLI</Menu.Item>
          <Menu.Item onClick={() => { copy(asCurl(GATEWAY_URL, run), 'the request that starts the same; it takes the key from $KB_API_KEY'); }}>Copy as curl</Menu.Item>
          <Menu.Item onClick={() => { copy(run.id, 'the id of the run'); }}>Copy id</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {dialog === 'cancel' ? <CancelDialog run={run} again={cancelling} onClose={() => { setDialog(null); onChanged(); }} /> : null}
      {dialog === 'from' ? <FromStepDialog run={run} onClose={() => { setDialog(null); }} onChoose={(from) => { setDialog(null); void rerun({ mode: 'from', from }); }} /> : null}
    </>
  );
}

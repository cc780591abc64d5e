import { Drawer, Table, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useEffect, useRef, useState } from 'react';

import { Empty } from '../parts/empty.js';
import { Heads } from '../parts/heads.js';
import { ApprovalPanel } from './approval-panel.js';
import { ApprovalRow } from './approval-row.js';
import { idOf, type PendingApproval, waitOf } from './pending-approval.js';

interface InboxProps {
  readonly items: readonly PendingApproval[];
  /** There are more than these. */
  readonly more: boolean;
}

/** Opens one at a time. One that is decided elsewhere while it is open says so and goes away. */
export function Inbox({ items, more }: InboxProps) {
  const [openId, setOpenId] = useState<string>();
  const open = items.find((item) => idOf(item) === openId);
  useToldWhenGone(openId, open);
  const close = (): void => {
    setOpenId(undefined);
  };
  return (
    <>
      {items.length === 0 ? (
        <Empty title="Nothing waits for a decision">
          A step with <code>uses: builtin:approval</code> waits for somebody to say yes. It is listed here from the moment it asks.
        </Empty>
      ) : (
        <Table.ScrollContainer minWidth={640}>
          <Table highlightOnHover stickyHeader aria-label="Approvals">
            <Heads of={['What', 'Workflow and run', 'For', 'Since', 'Expires']} />
            <Table.Tbody>
              {items.map((item) => (
                <ApprovalRow
                  key={idOf(item)}
                  item={item}
                  onOpen={() => {
                    setOpenId(idOf(item));
                  }}
                />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {more ? <Text c="dimmed">These are the oldest {String(items.length)}. The next come as they are decided.</Text> : null}
      <Drawer opened={open !== undefined} onClose={close} position="right" size="lg" title="Decide" closeButtonProps={{ 'aria-label': 'Close' }}>
        {open === undefined ? null : <ApprovalPanel key={openId} runId={open.runId} job={open.job} step={open.step} wait={waitOf(open)} onDone={close} />}
      </Drawer>
    </>
  );
}

/** After a moment: what comes of one's own decision can be here before its answer is. */
function useToldWhenGone(openId: string | undefined, open: PendingApproval | undefined): void {
  const shown = useRef<PendingApproval>(undefined);
  useEffect(() => {
    const before = shown.current;
    shown.current = open;
    if (before === undefined || open !== undefined || openId === undefined) return undefined;
    const timer = setTimeout(() => {
      notifications.show({ color: 'yellow', title: before.title, message: 'It does not wait any more: somebody has decided, or the run has ended.' });
    }, SETTLING_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [openId, open]);
}

const SETTLING_MS = 1_000;

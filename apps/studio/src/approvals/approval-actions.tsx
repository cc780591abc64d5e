import { IconCheck, IconX } from '@tabler/icons-react';

import { notAllowed, useMay } from '../api/may.js';
import { GatedButton } from '../parts/gated-button.js';

interface ApprovalActionsProps {
  /** What is shown is not what would be decided. */
  readonly changed: boolean;
  readonly deciding: 'approved' | 'rejected' | undefined;
  /** A reason is given. */
  readonly rejectable: boolean;
  readonly onReject: () => void;
}

/** Approve (the form's own button) and reject. */
export function ApprovalActions({ changed, deciding, rejectable, onReject }: ApprovalActionsProps) {
  const may = useMay('approve');
  const refused = may ? (changed ? 'It has changed: look at it first' : undefined) : notAllowed('approve');
  return (
    <>
      <GatedButton type="submit" leftSection={<IconCheck size={16} />} loading={deciding === 'approved'} refused={refused ?? (deciding === 'rejected' ? 'It is being rejected' : undefined)}>
        Approve
      </GatedButton>
      <GatedButton variant="default" leftSection={<IconX size={16} />} loading={deciding === 'rejected'} refused={refused ?? (rejectable ? undefined : 'Say why in the comment')} onClick={onReject}>
        Reject
      </GatedButton>
    </>
  );
}

import type { WaitView } from '@kb-labs/contracts';

/** A step that waits for a decision. */
export type ApprovalWaitView = Extract<WaitView, { kind: 'approval' }>;

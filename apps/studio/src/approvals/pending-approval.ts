import type { JsonAnswerOf } from '@kb-labs/contracts/http';

import type { ApprovalWaitView } from './approval-wait.js';

export type PendingApproval = JsonAnswerOf<'listApprovals'>['items'][number];

/** The same for one that was asked again. */
export function idOf({ runId, job, step }: PendingApproval): string {
  return `${runId}/${job}/${step}`;
}

export function waitOf({ title, instructions, context, approvers, preventSelfApproval, form, subject, expiresAt }: PendingApproval): ApprovalWaitView {
  return { kind: 'approval', title, instructions, context, approvers, form, subject, expiresAt, ...(preventSelfApproval === undefined ? {} : { preventSelfApproval }) };
}

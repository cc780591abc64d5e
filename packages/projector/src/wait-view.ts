import type { StepState, StepWait, WaitView } from '@kb-labs/contracts';

import { toInstant } from './to-instant.js';

/** What a step waits for from outside, while it does. */
export function waitOf(step: StepState | undefined): { waitsFor?: WaitView } {
  if (step?.wait === undefined || (step.status !== 'waiting' && step.status !== 'waiting_approval')) return {};
  return { waitsFor: toWaitView(step.wait) };
}

function toWaitView(wait: StepWait): WaitView {
  if (wait.kind === 'timer') return { kind: 'timer', dueAt: toInstant(wait.dueAt) };
  const expiresAt = wait.expiresAt === undefined ? null : toInstant(wait.expiresAt);
  switch (wait.kind) {
    case 'approval': {
      const { title, instructions, context, approvers, preventSelfApproval, form, subject } = wait;
      return {
        kind: 'approval',
        title,
        instructions: instructions ?? null,
        context: context ?? null,
        approvers: approvers ?? null,
        ...(preventSelfApproval === true ? { preventSelfApproval } : {}),
        form: form ?? null,
        subject,
        expiresAt,
      };
    }
    case 'signal':
      return { kind: 'signal', name: wait.name, expiresAt };
    case 'callback':
      return { kind: 'callback', expiresAt };
    case 'child':
      return { kind: 'child', runId: wait.runId, expiresAt };
  }
}

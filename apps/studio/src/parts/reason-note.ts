import type { ReasonView } from '@kb-labs/contracts';

/** A reason in a word or two, to be said behind a status: `no worker`. What the status says already is left out. */
export function reasonNote(status: string, reason: Pick<ReasonView, 'rule'> | undefined): string | undefined {
  if (reason === undefined || reason.rule === status) return undefined;
  return reason.rule.replaceAll('-', ' ');
}

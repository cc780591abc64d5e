import type { WaitView } from '@kb-labs/contracts';

/** What a step waits for, in words. */
export function waitText(wait: WaitView): string {
  switch (wait.kind) {
    case 'approval':
      return `waits for an approval: ${wait.title}`;
    case 'signal':
      return `waits for the signal ${wait.name}`;
    case 'callback':
      return 'waits for a callback';
    case 'child':
      return `waits for the run ${wait.runId}`;
    case 'timer':
      return 'waits for a time';
  }
}

/** The instant at which it stops waiting by itself. */
export function waitEnd(wait: WaitView): string | null {
  return wait.kind === 'timer' ? wait.dueAt : wait.expiresAt;
}

import type { JobStatus, RunStatus, StepStatus } from '@kb-labs/contracts';
import { assertNever } from '@kb-labs/errors';

import type { Style } from '../terminal/style.js';

export type AnyStatus = RunStatus | JobStatus | StepStatus;

/** A symbol and the word for a state. The colour says it once more. */
export function statusMark(status: AnyStatus, style: Style): string {
  return paintOf(status, style)(`${statusSymbol(status)} ${status}`);
}

export function statusSymbol(status: AnyStatus): string {
  switch (status) {
    case 'success':
      return '✓';
    case 'failed':
      return '✗';
    case 'quarantined':
      return '☠';
    case 'cancelled':
      return '■';
    case 'skipped':
      return '–';
    case 'running':
      return '▸';
    case 'waiting':
      return '…';
    case 'waiting_approval':
      return '?';
    case 'interrupted':
      return '!';
    case 'queued':
      return '·';
    default:
      return assertNever(status);
  }
}

export function paintOf(status: AnyStatus, style: Style): (text: string) => string {
  switch (status) {
    case 'success':
      return style.green;
    case 'failed':
    case 'quarantined':
      return style.red;
    case 'cancelled':
    case 'interrupted':
    case 'waiting':
      return style.yellow;
    case 'waiting_approval':
      return style.blue;
    case 'running':
      return style.cyan;
    case 'skipped':
    case 'queued':
      return style.dim;
    default:
      return assertNever(status);
  }
}

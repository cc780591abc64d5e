import type { RunEventView } from '@kb-labs/contracts/http';

import { Watched } from './watched.js';

/** The events of a run, kept while its page is open. */
export class EventLog extends Watched {
  /** Grows only. */
  readonly events: RunEventView[] = [];
  /** Somebody has asked for the run to be cancelled. */
  cancelRequested = false;

  append(event: RunEventView): void {
    if (event.seq <= (this.events.at(-1)?.seq ?? 0)) return;
    this.events.push(event);
    this.cancelRequested ||= event.type === 'run.cancel_requested';
    this.changed();
  }
}

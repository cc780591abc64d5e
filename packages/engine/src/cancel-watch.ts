import type { Reason, RunEvent, RunId } from '@kb-labs/contracts';
import type { EventLog, RunChange } from '@kb-labs/ports';
import { cancelReason } from '@kb-labs/resolver';

import type { JobHold } from './job-hold.js';
import type { JournalFollower } from './run-states.js';

/**
 * Tells the jobs a worker holds when their run is cancelled, whichever process asked for it. What its worker learns of a journal need not be read
 * for it once more.
 */
export class CancelWatch implements JournalFollower {
  readonly #log: EventLog;
  readonly #runs = new Map<RunId, WatchedRun>();

  constructor(log: EventLog) {
    this.#log = log;
  }

  /** Watches for `hold`, which knows the journal up to `since`, until the returned function is called. */
  add(hold: JobHold, since: number): () => void {
    const { runId } = hold.lease;
    let run = this.#runs.get(runId);
    if (run === undefined) {
      run = new WatchedRun(this.#log, runId, since);
      this.#runs.set(runId, run);
    }
    const watched = run;
    const leave = watched.join(hold, since);
    return () => {
      leave();
      if (!watched.isIdle) return;
      watched.close();
      if (this.#runs.get(runId) === watched) this.#runs.delete(runId);
    };
  }

  follow(runId: RunId, span: { readonly after: number; readonly upTo: number }, events: readonly RunEvent[]): void {
    this.#runs.get(runId)?.follow(span, events);
  }
}

class WatchedRun {
  readonly close: () => void;
  readonly #holds = new Map<JobHold, number>();
  readonly #log: EventLog;
  readonly #runId: RunId;
  /** Where the cancellations stand in the journal, as far as it was read. */
  readonly #asked: Asked[] = [];
  #seen: number;
  /** The last decision there may be. */
  #decided = 0;
  #looking = false;
  #again = false;

  constructor(log: EventLog, runId: RunId, since: number) {
    this.#log = log;
    this.#runId = runId;
    this.#seen = since;
    this.close = log.watch(runId, (change) => this.#changed(change));
  }

  get isIdle(): boolean {
    return this.#holds.size === 0;
  }

  join(hold: JobHold, since: number): () => void {
    this.#holds.set(hold, since);
    for (const asked of this.#asked) if (concerns(asked, hold, since)) hold.cancel(asked.reason);
    return () => this.#holds.delete(hold);
  }

  /** Of what lies beyond what was read already, and joins on to it. */
  follow({ after, upTo }: { readonly after: number; readonly upTo: number }, events: readonly RunEvent[]): void {
    if (after > this.#seen || upTo <= this.#seen) return;
    for (const event of events) if (event.seq > this.#seen) this.#consider(event);
    this.#seen = upTo;
  }

  /** Looked into once whoever wrote has its answer: a cancellation is a decision, and most decisions are those of the jobs that are held. */
  #changed(change: RunChange | undefined): void {
    this.#decided = Math.max(this.#decided, change?.decided ?? Number.POSITIVE_INFINITY);
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#looking = true;
    setImmediate(() => void this.#look());
  }

  async #look(): Promise<void> {
    try {
      do {
        this.#again = false;
        if (this.#seen >= this.#decided) continue;
        this.#decided = 0;
        const after = this.#seen;
        const events = await this.#log.read(this.#runId, after);
        this.follow({ after, upTo: events.at(-1)?.seq ?? after }, events);
      } while (this.#again);
    } catch {
      // The store reports its own trouble to whoever writes; the next change looks again.
    } finally {
      this.#looking = false;
    }
  }

  #consider(event: RunEvent): void {
    if (event.type === 'run.cancel_requested') this.#tell({ seq: event.seq, reason: cancelReason({ cancel: event }) });
    if (event.type === 'job.cancel_requested') this.#tell({ seq: event.seq, job: event.job, reason: event.reason });
  }

  #tell(asked: Asked): void {
    this.#asked.push(asked);
    for (const [hold, since] of this.#holds) if (concerns(asked, hold, since)) hold.cancel(asked.reason);
  }
}

/** A cancellation of the run, or of one of its jobs. */
interface Asked {
  readonly seq: number;
  readonly job?: string;
  readonly reason?: Reason;
}

function concerns(asked: Asked, hold: JobHold, since: number): boolean {
  return asked.seq > since && (asked.job === undefined || asked.job === hold.lease.job);
}

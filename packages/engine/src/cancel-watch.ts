import type { Reason, RunEvent, RunId } from '@kb-labs/contracts';
import type { Clock, EventLog, RunChange } from '@kb-labs/ports';
import { cancelReason } from '@kb-labs/resolver';

import type { EngineDeps } from './deps.js';
import type { JobHold } from './job-hold.js';
import type { JournalFollower } from './run-states.js';

/** A store that calls without a cause once it watches has missed nothing but what came in between: most jobs have ended by then. */
const FIRST_LOOK_MS = 200;

type WatchDeps = Pick<EngineDeps, 'log' | 'clock'>;

/**
 * Tells the jobs a worker holds when their run is cancelled, whichever process asked for it. What its worker learns of a journal need not be read
 * for it once more.
 */
export class CancelWatch implements JournalFollower {
  readonly #deps: WatchDeps;
  readonly #runs = new Map<RunId, WatchedRun>();

  constructor(deps: WatchDeps) {
    this.#deps = deps;
  }

  /** Watches for `hold`, which knows the journal up to `since`, until the returned function is called. */
  add(hold: JobHold, since: number): () => void {
    const { runId } = hold.lease;
    let run = this.#runs.get(runId);
    if (run === undefined) {
      run = new WatchedRun(this.#deps, runId, since);
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
  readonly #holds = new Map<JobHold, number>();
  readonly #log: EventLog;
  readonly #clock: Clock;
  readonly #runId: RunId;
  readonly #begunAt: number;
  readonly #unwatch: () => void;
  /** Ends the wait for the first look, while there is one. */
  #disarm: (() => void) | undefined;
  #hasWaited = false;
  /** Where the cancellations stand in the journal, as far as it was read. */
  readonly #asked: Asked[] = [];
  #seen: number;
  /** The last decision there may be. */
  #decided = 0;
  #looking = false;
  #again = false;

  constructor({ log, clock }: WatchDeps, runId: RunId, since: number) {
    this.#log = log;
    this.#clock = clock;
    this.#runId = runId;
    this.#begunAt = clock.now();
    this.#seen = since;
    this.#unwatch = log.watch(runId, (change) => (change === undefined && !this.#hasWaited ? this.#lookLater() : this.#changed(change)));
  }

  close(): void {
    this.#disarm?.();
    this.#unwatch();
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

  #lookLater(): void {
    this.#hasWaited = true;
    const leftMs = this.#begunAt + FIRST_LOOK_MS - this.#clock.now();
    this.#disarm = this.#clock.after(Math.max(leftMs, 0), () => this.#changed(undefined));
  }

  /** Looked into once whoever wrote has its answer: a cancellation is a decision, and most decisions are those of the jobs that are held. */
  #changed(change: RunChange | undefined): void {
    // A record, as most of what a job writes: there is no decision beyond what is known.
    if (change !== undefined && change.decided <= this.#seen) return;
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

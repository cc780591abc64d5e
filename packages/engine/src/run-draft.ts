import { TIME_LIMIT, type JsonValue, type RunEventBody, type RunState, type TicketId } from '@kb-labs/contracts';
import type { Append, NewClaim, NewTicket, NewWait } from '@kb-labs/ports';
import { foldRun, toRunSummary } from '@kb-labs/projector';
import { plannedJob } from '@kb-labs/resolver';

import { blobsOfEvents } from './blobs-of-events.js';

export interface DraftOptions {
  /** Combinations that one matrix may have. */
  readonly matrixLimit?: number | undefined;
  /** There for runs that can keep results of an earlier one. */
  readonly digest?: ((value: JsonValue) => string) | undefined;
}

/**
 * A decision in the making: events are added one by one, and the state already contains them, so that what follows
 * can be decided on it. What has to change with them outside the journal follows from the events: waits that begin and
 * end, claims that are given up, the ticket for the end of the run's time. Consumes the state it starts from.
 */
export class RunDraft {
  readonly expected: number;
  readonly at: number;
  readonly events: RunEventBody[] = [];
  readonly enqueue: NewTicket[] = [];
  readonly settle: TicketId[] = [];
  readonly claim: NewClaim[] = [];
  /** Of each combination that ends here: the how manieth end of its matrix that is. */
  readonly endsOfCombinations = new Map<string, number>();
  readonly #unclaim: string[] = [];
  /** By job: what it waits for at the end of the draft, `null` for nothing any more. */
  readonly #waits = new Map<string, NewWait | null>();
  #state: RunState;

  readonly matrixLimit: number | undefined;
  readonly digest: ((value: JsonValue) => string) | undefined;

  constructor(state: RunState, at: number, options: DraftOptions = {}) {
    this.matrixLimit = options.matrixLimit;
    this.digest = options.digest;
    this.expected = state.seq;
    this.at = at;
    this.#state = state;
  }

  get state(): RunState {
    return this.#state;
  }

  add(event: RunEventBody): void {
    const began = this.#state.startedAt !== undefined;
    this.#state = foldRun(this.#state.id, [{ ...event, seq: this.#state.seq + 1, at: this.at }], this.#state);
    this.events.push(event);
    this.#follow(event);
    if (!began && event.type === 'job.started') this.#limitTime();
  }

  toAppend(): Append {
    const open = [...this.#waits.values()].filter((wait) => wait !== null);
    return {
      runId: this.#state.id,
      expected: this.expected,
      at: this.at,
      events: this.events,
      summary: toRunSummary(this.#state),
      settle: this.settle,
      enqueue: this.enqueue,
      ...blobsOfEvents(this.events),
      ...(this.claim.length === 0 ? {} : { claim: this.claim }),
      ...(this.#unclaim.length === 0 ? {} : { unclaim: this.#unclaim }),
      ...(this.#waits.size === 0 ? {} : { waits: { open, close: [...this.#waits.keys()].map((job) => ({ job })) } }),
    };
  }

  #follow(event: RunEventBody): void {
    switch (event.type) {
      case 'job.started':
        if (event.turn > 0) this.#waits.set(event.job, null);
        return;
      case 'step.answered':
        this.#waits.set(event.job, null);
        return;
      case 'step.waiting': {
        const { job, step, wait } = event;
        if (wait.kind === 'approval' || wait.kind === 'callback') this.#waits.set(job, { job, step, kind: wait.kind });
        if (wait.kind === 'signal') this.#waits.set(job, { job, step, kind: 'signal', name: wait.name });
        return;
      }
      case 'job.finished':
        if (event.retry === undefined) this.#countEnd(event.job);
        if (event.retry === undefined && plannedJob(this.#state, event.job)?.concurrency !== undefined) this.#unclaim.push(event.job);
        return;
      default:
    }
  }

  #countEnd(job: string): void {
    const of = this.#state.jobs.get(job)?.combination?.of;
    const matrix = of === undefined ? undefined : this.#state.jobs.get(of)?.matrix;
    if (matrix !== undefined) this.endsOfCombinations.set(job, matrix.ended);
  }

  #limitTime(): void {
    const { id, plan } = this.#state;
    if (plan.timeoutMs === undefined) return;
    this.enqueue.push({ runId: id, job: TIME_LIMIT, attempt: 1, turn: 0, notBefore: this.at + plan.timeoutMs });
  }
}

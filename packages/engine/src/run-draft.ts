import type { RunEventBody, RunState, TicketId } from '@kb-labs/contracts';
import type { Append, NewTicket } from '@kb-labs/ports';
import { foldRun, toRunSummary } from '@kb-labs/projector';

/**
 * A decision in the making: events are added one by one, and the state already contains them, so that what follows
 * can be decided on it. Consumes the state it starts from.
 */
export class RunDraft {
  readonly expected: number;
  readonly at: number;
  readonly events: RunEventBody[] = [];
  readonly enqueue: NewTicket[] = [];
  readonly settle: TicketId[] = [];
  #state: RunState;

  constructor(state: RunState, at: number) {
    this.expected = state.seq;
    this.at = at;
    this.#state = state;
  }

  get state(): RunState {
    return this.#state;
  }

  add(event: RunEventBody): void {
    this.#state = foldRun(this.#state.id, [{ ...event, seq: this.#state.seq + 1, at: this.at }], this.#state);
    this.events.push(event);
  }

  toAppend(): Append {
    return {
      runId: this.#state.id,
      expected: this.expected,
      at: this.at,
      events: this.events,
      summary: toRunSummary(this.#state),
      settle: this.settle,
      enqueue: this.enqueue,
    };
  }
}

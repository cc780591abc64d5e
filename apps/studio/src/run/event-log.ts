import type { RunEventView } from '@kb-labs/contracts/http';

/** The events of a run, kept while its page is open. Who watches hears of new ones once a frame. */
export class EventLog {
  /** Grows only. */
  readonly events: RunEventView[] = [];
  version = 0;
  /** Somebody has asked for the run to be cancelled. */
  cancelRequested = false;
  readonly #listeners = new Set<() => void>();
  readonly #frame: (tell: () => void) => void;
  #waiting = false;

  constructor(frame: (tell: () => void) => void) {
    this.#frame = frame;
  }

  append(event: RunEventView): void {
    if (event.seq <= (this.events.at(-1)?.seq ?? 0)) return;
    this.events.push(event);
    this.cancelRequested ||= event.type === 'run.cancel_requested';
    if (this.#waiting) return;
    this.#waiting = true;
    this.#frame(() => {
      this.#waiting = false;
      this.version += 1;
      for (const listener of this.#listeners) listener();
    });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

import { AppError } from '@kb-labs/errors';

/**
 * How long a context does something: until its step is over. A signal, and the error that it ends with, are made for the first who asks:
 * most handlers use nothing that has to be ended.
 */
export class Lifetime {
  readonly #aborted: AbortSignal;
  #over: AbortController | undefined;
  #signal: AbortSignal | undefined;
  #isOver = false;

  /** `aborted`: of the step. */
  constructor(aborted: AbortSignal) {
    this.#aborted = aborted;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Fires when the step is aborted, and when it is over. */
  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      this.#over = new AbortController();
      if (this.#isOver) this.#over.abort(stepIsOver());
      this.#signal = AbortSignal.any([this.#aborted, this.#over.signal]);
    }
    return this.#signal;
  }

  end(): void {
    this.#isOver = true;
    this.#over?.abort(stepIsOver());
  }
}

export function stepIsOver(): AppError {
  return new AppError('INTERRUPTED', {}, { hint: 'the step has ended' });
}

/**
 * The rules of `needs` and `if` once more, written from the reference and not from the code, for jobs with one of a few
 * conditions. Slow and plain: after every change it looks at every job again.
 */
export const CONDITIONS = ['none', 'always', 'failure', 'success', 'not-cancelled', 'cancelled', 'first-need-failed', 'false'] as const;
export type Condition = (typeof CONDITIONS)[number];
export type Ended = 'success' | 'failed' | 'cancelled' | 'skipped';
export type Fate = 'waits' | 'may start' | 'started' | Ended;

/** Job n of a run. `needs` are numbers below its own; `ends` is how it ends if it runs to its end. */
export interface SketchedJob {
  readonly needs: readonly number[];
  readonly condition: Condition;
  readonly tolerated: boolean;
  readonly ends: 'success' | 'failed';
  /** A job with a matrix: how each combination ends if it runs to its end. None: it has no combination. */
  readonly combinations?: readonly ('success' | 'failed')[];
  readonly maxParallel?: number;
}

/** Switches that make the oracle wrong, to see that this is noticed. */
export interface OracleMistake {
  readonly looksAtDirectNeedsOnly?: boolean;
  readonly takesSkipsForSuccess?: boolean;
  readonly forgetsTolerance?: boolean;
  readonly forgetsCancellation?: boolean;
  readonly takesTheLastCombination?: boolean;
}

export class NeedsOracle {
  readonly fates: Fate[];
  readonly #jobs: readonly SketchedJob[];
  /** Per job, everything it needs directly or indirectly, as bits. */
  readonly #above: number[] = [];
  readonly #mistake: OracleMistake;
  #cancelled = false;

  constructor(jobs: readonly SketchedJob[], mistake: OracleMistake = {}) {
    this.#jobs = jobs;
    this.#mistake = mistake;
    this.fates = jobs.map(() => 'waits');
    for (const job of jobs) {
      let above = 0;
      for (const need of job.needs) above |= (1 << need) | (mistake.looksAtDirectNeedsOnly === true ? 0 : (this.#above[need] ?? 0));
      this.#above.push(above);
    }
    this.#settle();
  }

  get isOver(): boolean {
    return this.fates.every((fate) => isEnd(fate));
  }

  start(job: number): void {
    this.fates[job] = 'started';
  }

  end(job: number, as: Ended): void {
    this.fates[job] = as;
    this.#settle();
  }

  /** All combinations of a job have ended, in whatever order. */
  endMatrix(job: number, combinations: readonly Ended[]): void {
    const tolerated = this.#jobs[job]?.tolerated === true;
    const results = this.#mistake.takesTheLastCombination === true ? combinations.slice(-1) : combinations;
    if (results.includes('failed') && !tolerated) this.end(job, 'failed');
    else if (results.includes('cancelled')) this.end(job, 'cancelled');
    else this.end(job, 'success');
  }

  /** `begun` are jobs that have become their combinations: what is left of these ends them. */
  cancel(begun: readonly number[] = []): void {
    this.#cancelled = true;
    // Permissions to start were given before the cancellation: they are asked for again.
    for (const [job, fate] of this.fates.entries()) if (fate === 'may start' && !begun.includes(job)) this.fates[job] = 'waits';
    this.#settle();
  }

  /** How the run ends. */
  runEnd(): Ended {
    if (this.#cancelled) return 'cancelled';
    const results = this.#jobs.map((_, job) => this.#result(job));
    if (results.includes('failed')) return 'failed';
    return results.every((result) => result === 'skipped') ? 'skipped' : 'success';
  }

  #settle(): void {
    for (let changed = true; changed; ) {
      changed = false;
      for (const [job, fate] of this.fates.entries()) {
        if (fate !== 'waits' || !this.#jobs[job]?.needs.every((need) => isEnd(this.fates[need]))) continue;
        const isEmpty = this.#jobs[job]?.combinations?.length === 0;
        this.fates[job] = this.#holds(job) ? (isEmpty ? 'skipped' : 'may start') : this.#seesCancel ? 'cancelled' : 'skipped';
        changed = true;
      }
    }
  }

  get #seesCancel(): boolean {
    return this.#cancelled && this.#mistake.forgetsCancellation !== true;
  }

  #holds(job: number): boolean {
    const above = this.#jobs.flatMap((_, other) => (((this.#above[job] ?? 0) >> other) & 1 ? [this.#result(other)] : []));
    const succeeded = !this.#seesCancel && above.every((result) => result === 'success');
    const failed = !this.#seesCancel && above.includes('failed');
    switch (this.#jobs[job]?.condition) {
      case 'always':
        return true;
      case 'failure':
        return failed;
      case 'none':
      case 'success':
        return succeeded;
      case 'not-cancelled':
        return !this.#seesCancel;
      case 'cancelled':
        return this.#seesCancel;
      case 'first-need-failed':
        return this.#result(this.#jobs[job]?.needs[0] ?? -1) === 'failed';
      case 'false':
      case undefined:
        return false;
    }
  }

  #result(job: number): Fate | undefined {
    const fate = this.fates[job];
    if (fate === 'skipped' && this.#mistake.takesSkipsForSuccess === true) return 'success';
    const tolerated = this.#jobs[job]?.tolerated === true && this.#mistake.forgetsTolerance !== true;
    return fate === 'failed' && tolerated ? 'success' : fate;
  }
}

function isEnd(fate: Fate | undefined): fate is Ended {
  return fate === 'success' || fate === 'failed' || fate === 'cancelled' || fate === 'skipped';
}

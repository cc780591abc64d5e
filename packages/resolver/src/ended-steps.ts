import { isTerminalJob, type Hook, type JsonObject, type PlannedJob, type StepState, type TerminalJobStatus } from '@kb-labs/contracts';

import { effectiveResult, leftBy } from './scope.js';

/** An earlier step, and how it counts for those after it. */
export interface EarlierResult {
  readonly id: string;
  /** After `continue-on-error`. */
  readonly result: TerminalJobStatus;
}

/** Of a job: its own steps with those of `pre`, or those of another hook. */
type Part = 'main' | Exclude<Hook, 'pre'>;

/**
 * The first steps of a job, those that have ended, as the steps after them see them. What they left does not change, so each is looked at
 * once: a step of a long job costs what one of a short job does. A gate that sends the job back makes all of this invalid.
 */
export class EndedSteps {
  /** Their `steps` context, one object that grows. */
  readonly left: JsonObject = {};
  readonly #job: PlannedJob;
  readonly #main: EarlierResult[] = [];
  readonly #failed = new Map<Part, EarlierResult>();
  #count = 0;

  constructor(job: PlannedJob) {
    this.#job = job;
  }

  /** Of the job's own steps and those of `pre`. */
  get main(): readonly EarlierResult[] {
    return this.#main;
  }

  /** The first one that failed, after `continue-on-error`. */
  failedOf(part: Part): EarlierResult | undefined {
    return this.#failed.get(part);
  }

  /** Adds those of all `steps` that have ended since: the first `count` have. */
  catchUp(steps: readonly StepState[], count: number): void {
    for (; this.#count < count; this.#count += 1) {
      const step = steps[this.#count];
      const planned = this.#job.steps[this.#count];
      if (step === undefined || planned === undefined || !isTerminalJob(step.status)) throw new Error(`step ${String(this.#count + 1)} of ${this.#job.key} has not ended`);
      // A step can have any name, also one that assigning would take for something else.
      Object.defineProperty(this.left, step.id, { value: leftBy(step, step.status, planned), enumerable: true, configurable: true, writable: true });
      const { hook } = planned;
      const part = hook === undefined || hook === 'pre' ? 'main' : hook;
      const result = { id: step.id, result: effectiveResult(step.status, planned.continueOnError) };
      if (part === 'main') this.#main.push(result);
      if (result.result === 'failed' && !this.#failed.has(part)) this.#failed.set(part, result);
    }
  }
}

import type { EarlierJob, EarlierStep } from '@kb-labs/contracts';

/** Whether a result of an earlier run stands for this one, and why or why not, as a sentence for people. */
export interface Keeping {
  readonly keep: boolean;
  readonly why: string;
}

/**
 * A step is kept when its inputs are the same and no earlier step of its job ran again. An approval is kept for as long
 * as what was approved is the same, whatever ran again.
 */
export function keepStep(step: { readonly inputs: string; readonly earlierRan: boolean; readonly subject?: string }, earlier: EarlierStep): Keeping {
  if (earlier.subject !== undefined) {
    return earlier.subject === step.subject
      ? { keep: true, why: 'what was approved has not changed' }
      : { keep: false, why: 'what was approved has changed' };
  }
  if (earlier.inputs === null) return { keep: false, why: 'its inputs in the earlier run cannot be compared' };
  if (earlier.inputs !== step.inputs) return { keep: false, why: 'its inputs have changed' };
  if (step.earlierRan) return { keep: false, why: 'a step before it ran again' };
  return { keep: true, why: 'its inputs are the same, and no step before it ran again' };
}

/**
 * A job is kept as a whole when it succeeded, reads the same of the jobs it needs, and none of those ran again that may
 * have changed files: `needsRanAgain` are these, needed directly or indirectly.
 */
export function keepJob(at: { readonly needs: string; readonly needsRanAgain: readonly string[] }, earlier: EarlierJob | undefined): Keeping {
  if (earlier === undefined) return { keep: false, why: 'the earlier run has no result of it' };
  if (earlier.ended === undefined) return { keep: false, why: 'it has to run again, at least in part' };
  if (earlier.needs !== at.needs) return { keep: false, why: 'what it reads of the jobs it needs has changed' };
  if (at.needsRanAgain.length > 0) return { keep: false, why: `${at.needsRanAgain.join(', ')} ran again and may have changed files` };
  return { keep: true, why: 'it succeeded, and nothing it depends on has changed' };
}

import type { ExpressionPlace, Field } from './expression-places.js';
import type { Names } from './names.js';
import type { Outline } from './outline.js';

/** The contexts an expression can name in a field, and whether it can call what is not a pure function. */
export interface Room {
  readonly contexts: readonly string[];
  /** Whether it belongs to one combination, when the job has a strategy. */
  readonly inCombination: boolean;
  /** Whether `success()` and its kin mean something. */
  readonly status: boolean;
  readonly hashFiles: boolean;
  /** For messages: `in a job's "if"`. */
  readonly called: string;
}

const EVERYWHERE = ['inputs', 'vars', 'trigger', 'run', 'workflow'];
const IN_JOB = [...EVERYWHERE, 'env', 'needs'];
const IN_STEP = [...IN_JOB, 'steps'];
const OF_COMBINATION = ['matrix', 'strategy'];

/** What exists when the field is evaluated. */
export const ROOMS: { readonly [F in Field]: Room } = {
  'workflow-env': { contexts: [...EVERYWHERE, 'env'], inCombination: false, status: false, hashFiles: false, called: 'in the "env" of the workflow' },
  'workflow-concurrency': { contexts: EVERYWHERE, inCombination: false, status: false, hashFiles: false, called: 'in the "concurrency" of the workflow' },
  'workflow-default': { contexts: [...EVERYWHERE, 'env'], inCombination: false, status: false, hashFiles: false, called: 'in "defaults"' },
  'workflow-outputs': { contexts: [...EVERYWHERE, 'jobs'], inCombination: false, status: false, hashFiles: false, called: 'in the "outputs" of the workflow' },
  'job-if': { contexts: IN_JOB, inCombination: false, status: true, hashFiles: false, called: 'in the "if" of a job' },
  'job-strategy': { contexts: IN_JOB, inCombination: false, status: false, hashFiles: false, called: 'in a "matrix"' },
  'job-env': { contexts: [...IN_JOB, 'secrets'], inCombination: true, status: false, hashFiles: false, called: 'in the "env" of a job' },
  'job-concurrency': { contexts: IN_JOB, inCombination: true, status: false, hashFiles: false, called: 'in the "concurrency" of a job' },
  'target-image': { contexts: ['inputs', 'vars'], inCombination: true, status: false, hashFiles: false, called: 'in the "image" of an execution target' },
  'job-merge': { contexts: IN_JOB, inCombination: true, status: false, hashFiles: false, called: 'in the "merge" of a job' },
  'job-outputs': { contexts: IN_STEP, inCombination: true, status: false, hashFiles: false, called: 'in the "outputs" of a job' },
  'step-if': { contexts: IN_STEP, inCombination: true, status: true, hashFiles: true, called: 'in the "if" of a step' },
  'step-env': { contexts: [...IN_STEP, 'secrets'], inCombination: true, status: false, hashFiles: true, called: 'in the "env" of a step' },
  'step-with': { contexts: [...IN_STEP, 'secrets'], inCombination: true, status: false, hashFiles: true, called: 'here' },
  'step-outputs': { contexts: [...IN_STEP, 'result'], inCombination: true, status: false, hashFiles: false, called: 'in the "outputs" of a step' },
};

/** The contexts at a place. */
export function contextsAt(place: ExpressionPlace): readonly string[] {
  const room = ROOMS[place.field];
  const contexts = mayReadSecrets(place) ? room.contexts : room.contexts.filter((name) => name !== 'secrets');
  return room.inCombination && place.job?.strategy !== undefined ? [...contexts, ...OF_COMBINATION] : contexts;
}

/** Whether what is evaluated there goes to code that runs, and nowhere else: everything else is kept with the run. */
export function mayReadSecrets({ field, step, path }: ExpressionPlace): boolean {
  if (!ROOMS[field].contexts.includes('secrets')) return false;
  if (field !== 'step-with') return true;
  return path[path.length - 1] !== 'working-directory' && (step?.target?.kind === 'plugin' || step?.uses === undefined);
}

/** One `env:` that a place reads: all of it, or only the entries before one. */
export interface EnvLevel {
  /** `undefined`: not known. */
  readonly names: Names | undefined;
  readonly before?: number | undefined;
}

/**
 * The levels of `env` at a place: those around it, then its own. Inside an `env:` an entry sees those above it; a
 * condition is decided before the level it guards exists.
 */
export function envAt(outline: Outline, place: ExpressionPlace): readonly EnvLevel[] {
  const workflow = { names: outline.env };
  const job = { names: place.job?.env };
  const step = { names: place.step?.env };
  switch (place.field) {
    case 'workflow-env':
      return [above(outline.env, place)];
    case 'workflow-concurrency':
    case 'target-image':
      return [];
    case 'workflow-default':
    case 'workflow-outputs':
    case 'job-if':
    case 'job-strategy':
      return [workflow];
    case 'job-env':
      return [workflow, above(job.names, place)];
    case 'job-concurrency':
    case 'job-merge':
    case 'job-outputs':
    case 'step-if':
      return [workflow, job];
    case 'step-env':
      return [workflow, job, above(step.names, place)];
    case 'step-with':
    case 'step-outputs':
      return [workflow, job, step];
  }
}

function above(names: Names | undefined, place: ExpressionPlace): EnvLevel {
  return { names, before: names?.indexOf(String(place.path.at(-1))) };
}

import {
  isTerminalJob,
  type JobStatus,
  type JsonObject,
  LIMITS,
  type PlannedJob,
  type PlannedStrategy,
  type Reason,
  type RunError,
  type RunState,
  type TerminalJobStatus,
} from '@kb-labs/contracts';
import { AppError, fromUnknown, toRunError } from '@kb-labs/errors';
import { callsStatusFunction, evaluateCondition, type Expression, parseCondition, type Scope, valuesRead } from '@kb-labs/expressions';

import { expandMatrix } from './expand-matrix.js';
import { jobGraph } from './job-graph.js';
import { type EndedJob, effectiveResult, endedNeed, needsContext, runContexts } from './scope.js';
import { cancelReason } from './stop-reason.js';

/** A job that ends without having run. */
export interface SettledJob {
  readonly job: string;
  readonly status: Extract<TerminalJobStatus, 'skipped' | 'cancelled' | 'failed'>;
  readonly reason?: Reason;
  readonly error?: RunError;
}

/** A job that becomes its combinations, at least one. */
export interface ExpandedJob {
  readonly job: string;
  readonly combinations: readonly JsonObject[];
}

export interface Readiness {
  /** Jobs whose needs have ended as their conditions ask: to be handed out. */
  readonly ready: readonly string[];
  /** Jobs that end right now, in an order that has each after its needs. */
  readonly settled: readonly SettledJob[];
  /** Jobs with a matrix that would be ready: their combinations are handed out in their place. */
  readonly expanded: readonly ExpandedJob[];
}

export interface ReadyOptions {
  /** Jobs that just ended: only what depends on them is looked at. Left out: every job that has not started. */
  readonly after?: readonly string[];
  /** The environment job conditions read. */
  readonly env?: JsonObject;
  /** How many combinations a matrix may have; `LIMITS.matrixCombinations` when left out. */
  readonly matrixLimit?: number;
}

/**
 * What can run now, and what never will, given how everything before it ended.
 *
 * A job without `if` needs success of everything it needs, directly and indirectly (GitHub's rule). With an `if` that
 * calls none of success, failure, always and cancelled, the same holds in addition to the condition. A job that ends
 * here decides those after it in the same call. The condition of a job with a matrix is decided once, for all its
 * combinations; these are not looked at here.
 */
export function readyJobs(state: RunState, options: ReadyOptions = {}): Readiness {
  const graph = jobGraph(state.plan);
  const decided = new Map<string, SettledJob>();
  const ready: string[] = [];
  const expanded: ExpandedJob[] = [];
  const seen = new Set<string>();
  const statusOf = (key: string): JobStatus => decided.get(key)?.status ?? state.jobs.get(key)?.status ?? 'queued';
  const look: Look = { state, statusOf, env: options.env ?? {}, matrixLimit: options.matrixLimit ?? LIMITS.matrixCombinations, expanded };

  let candidates: Iterable<string> =
    options.after === undefined
      ? state.plan.jobs.map((job) => job.key)
      : new Set(options.after.flatMap((key) => graph.dependants.get(key) ?? []));
  for (;;) {
    const next = new Set<string>();
    for (const key of candidates) {
      const job = graph.byKey.get(key);
      if (job === undefined || seen.has(key) || !isUndecided(state, key)) continue;
      if (!job.needs.every((need) => isTerminalJob(statusOf(need)))) continue;
      seen.add(key);
      const fate = decide(job, look);
      if (fate === 'ready') ready.push(key);
      else if ('combinations' in fate) expanded.push(fate);
      else {
        decided.set(key, fate);
        for (const dependant of graph.dependants.get(key) ?? []) next.add(dependant);
      }
    }
    if (next.size === 0) return { ready, settled: [...decided.values()], expanded };
    candidates = next;
  }
}

/** Not started, not become its combinations, and not waiting for a retry: those were decided when they first started. */
function isUndecided(state: RunState, key: string): boolean {
  const job = state.jobs.get(key);
  return job !== undefined && job.status === 'queued' && job.attempt === 1 && job.startedAt === undefined && job.matrix === undefined;
}

interface Look {
  readonly state: RunState;
  readonly statusOf: (key: string) => JobStatus;
  readonly env: JsonObject;
  readonly matrixLimit: number;
  /** What this call has expanded so far. */
  readonly expanded: readonly ExpandedJob[];
}

function decide(job: PlannedJob, look: Look): 'ready' | ExpandedJob | SettledJob {
  const cancelled = look.state.cancel !== undefined;
  try {
    const condition = job.if === null ? undefined : readCondition(job.if);
    const status = jobStatusFunctions(job, look);
    // The usual job reads nothing to be told whether it runs.
    if (condition === undefined && job.strategy === undefined && status.success([])) return 'ready';
    const contexts = { ...runContexts(look.state), env: look.env, needs: needsContext(job, (key) => endedJob(key, look)) };
    const implicit = condition === undefined || !condition.callsStatus;
    if ((!implicit || status.success([])) && (condition === undefined || evaluateCondition(condition.expression, { contexts, status }))) {
      return job.strategy === undefined ? 'ready' : expand(job, job.strategy, { look, scope: { contexts } });
    }
    if (cancelled) return { job: job.key, status: 'cancelled', reason: cancelReason(look.state) };
    if (implicit && !status.success([])) return { job: job.key, status: 'skipped', reason: needsReason(job, look) };
    return { job: job.key, status: 'skipped', reason: conditionReason(job.if ?? '', condition?.expression, { contexts, status }) };
  } catch (thrown) {
    return { job: job.key, status: 'failed', error: toRunError(fromUnknown(thrown)) };
  }
}

function expand(job: PlannedJob, strategy: PlannedStrategy, at: { look: Look; scope: Scope }): ExpandedJob | SettledJob {
  const expansion = expandMatrix(strategy, at.scope, at.look.matrixLimit);
  if (!expansion.ok) throw new AppError('MATRIX_INVALID', { problem: expansion.problem });
  const { combinations } = expansion;
  if (combinations.length === 0) {
    return { job: job.key, status: 'skipped', reason: { rule: 'matrix', message: 'its matrix has no combination' } };
  }
  const jobs = countJobs(at.look) + combinations.length;
  if (jobs <= LIMITS.jobsAfterMatrix) return { job: job.key, combinations };
  throw new AppError('MATRIX_INVALID', { problem: `with its ${combinations.length} combinations the run would have ${jobs} jobs, and ${LIMITS.jobsAfterMatrix} is the most` });
}

/** The jobs of a run that run themselves: plain ones, and combinations in place of the jobs that became them. */
function countJobs({ state, expanded }: Look): number {
  const planned = state.plan.jobs.reduce((sum, job) => sum + (job.strategy === undefined ? 1 : (state.jobs.get(job.key)?.matrix?.total ?? 0)), 0);
  return expanded.reduce((sum, job) => sum + job.combinations.length, planned);
}

function readCondition(text: string): { expression: Expression; callsStatus: boolean } {
  const parsed = parseCondition(text);
  if (!parsed.ok) throw new Error(`an unchecked condition: ${parsed.problem.message}`);
  return { expression: parsed.expression, callsStatus: callsStatusFunction(parsed.expression) };
}

/** Why a condition was false: the text and the values it read. */
export function conditionReason(text: string, expression: Expression | undefined, scope: Scope): Reason {
  const values = expression === undefined ? {} : valuesRead(expression, scope);
  return { rule: 'condition', message: 'its condition was false', expression: text, values };
}

function needsReason(job: PlannedJob, look: Look): Reason {
  const values: Record<string, string> = {};
  for (const need of job.needs) values[`needs.${need}.result`] = look.statusOf(need);
  const culprits = job.needs.filter((need) => resultOf(need, look) !== 'success');
  const first = culprits[0];
  const message =
    first === undefined
      ? 'a job further up did not succeed'
      : `it needs ${culprits.map((need) => `${need} (${look.statusOf(need)})`).join(', ')} to succeed`;
  return { rule: 'needs', message, values };
}

function jobStatusFunctions(job: PlannedJob, look: Look): Required<Scope>['status'] {
  const cancelled = look.state.cancel !== undefined;
  const among = (names: readonly string[]): Iterable<string> => (names.length > 0 ? namedNeeds(job, names) : ancestors(job, look.state));
  return {
    always: () => true,
    cancelled: () => cancelled,
    success: (names) => !cancelled && every(among(names), (key) => resultOf(key, look) === 'success'),
    failure: (names) => !cancelled && !every(among(names), (key) => resultOf(key, look) !== 'failed'),
  };
}

/** Those that end in this call are not in the state yet: they end without outputs. */
function endedJob(key: string, look: Look): EndedJob | undefined {
  const ended = endedNeed(look.state, key);
  if (ended !== undefined) return ended;
  const result = resultOf(key, look);
  return result === undefined ? undefined : { result, outputs: {} };
}

function resultOf(key: string, look: Look): TerminalJobStatus | undefined {
  const status = look.statusOf(key);
  const continueOnError = jobGraph(look.state.plan).byKey.get(key)?.continueOnError ?? false;
  return isTerminalJob(status) ? effectiveResult(status, continueOnError) : undefined;
}

/** Names can come from values. Of a job that need not have ended there is no answer that would always be the same. */
function namedNeeds(job: PlannedJob, names: readonly string[]): readonly string[] {
  const unknown = names.find((name) => !job.needs.includes(name));
  if (unknown === undefined) return names;
  throw new AppError('EXPRESSION_FAILED', { problem: `the condition of ${job.key} asks for the job "${unknown}", which is not in "needs"` });
}

/** Everything a job needs, directly and indirectly, nearest first. */
function* ancestors(job: PlannedJob, state: RunState): Generator<string> {
  const { byKey } = jobGraph(state.plan);
  const seen = new Set<string>(job.needs);
  for (const key of seen) {
    yield key;
    for (const need of byKey.get(key)?.needs ?? []) seen.add(need);
  }
}

function every(keys: Iterable<string>, holds: (key: string) => boolean): boolean {
  for (const key of keys) if (!holds(key)) return false;
  return true;
}

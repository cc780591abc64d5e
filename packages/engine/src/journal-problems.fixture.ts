import { isTerminalJob, isTerminalRun, toCombinationKey, type RunEvent, type RunId, type RunState, type RunStatus } from '@kb-labs/contracts';
import { foldRun } from '@kb-labs/projector';

/** Everything that is wrong with the journal of a run that has ended. */
export function journalProblems(runId: RunId, events: readonly RunEvent[]): string[] {
  const problems: string[] = [];
  try {
    problems.push(...changedEnds(runId, events));
  } catch (error) {
    problems.push(`it does not fold: ${String(error)}`);
  }
  const count = (isMeant: (event: RunEvent) => boolean): number => events.filter(isMeant).length;
  const end = events.at(-1);
  if (end?.type !== 'run.finished') problems.push(`it ends with ${String(end?.type)}`);
  if (count((event) => event.type === 'run.finished') > 1) problems.push('it ended more than once');
  const cancelled = count((event) => event.type === 'run.cancel_requested') > 0;
  if (end?.type === 'run.finished' && (end.status === 'cancelled') !== cancelled) problems.push(`it is ${end.status}, ${cancelled ? 'and' : 'but not'} asked to be cancelled`);

  const jobs = new Set(events.flatMap(jobsIn));
  for (const job of jobs) {
    const ends = count((event) => event.type === 'job.finished' && event.job === job && event.retry === undefined);
    if (ends !== 1) problems.push(`job ${job} has ${ends} ends`);
  }
  const round = roundsOf(events);
  const tries = new Map<string, { started: number; ended: number }>();
  for (const event of events) {
    if (event.type !== 'step.started' && event.type !== 'step.finished') continue;
    const name = `${event.job} ${event.attempt} ${event.step} ${event.stepAttempt}${round(event)}`;
    const found = tries.get(name) ?? { started: 0, ended: 0 };
    tries.set(name, event.type === 'step.started' ? { ...found, started: found.started + 1 } : { ...found, ended: found.ended + 1 });
    if (event.type === 'step.finished' && 'late' in event.outputs) problems.push(`the late outcome of try ${name} was recorded`);
  }
  for (const [name, { started, ended }] of tries) {
    if (started > 1 || ended !== 1) problems.push(`try ${name} has ${started} starts and ${ended} outcomes`);
  }
  return problems;
}

/** The jobs that have to end: those of the plan, and what matrices became. */
function jobsIn(event: RunEvent): string[] {
  if (event.type === 'run.started') return event.plan.jobs.map((job) => job.key);
  return event.type === 'job.expanded' ? event.combinations.map((_, index) => toCombinationKey(event.job, index + 1)) : [];
}

/** Tells tries of the same number apart between which a gate sent the job back. */
function roundsOf(events: readonly RunEvent[]): (event: RunEvent & { job: string; attempt: number }) => string {
  const restarts = events.flatMap((event) => (event.type === 'step.finished' && event.restart !== undefined ? [event] : []));
  return (event) => {
    const before = restarts.filter((one) => one.job === event.job && one.attempt === event.attempt && one.seq < event.seq).length;
    return before === 0 ? '' : ` after ${before} restarts`;
  };
}

/** What is wrong between a run and those it called: an answer that is not how the called run ended, or one given twice. */
export function callProblems(events: readonly RunEvent[], endOf: ReadonlyMap<string, string>): string[] {
  const problems: string[] = [];
  const answered = new Set<string>();
  for (const event of events) {
    if (event.type !== 'step.answered' || event.answer.kind !== 'child') continue;
    const { runId, status } = event.answer;
    if (answered.has(runId)) problems.push(`the end of ${runId} was told twice`);
    answered.add(runId);
    if (endOf.get(runId) !== status) problems.push(`it was told that ${runId} is ${status}, which is ${String(endOf.get(runId))}`);
  }
  for (const [runId, status] of endOf) if (!isTerminalRun(status as RunStatus)) problems.push(`${runId}, which it called, is ${status}`);
  return problems;
}

/** Folds event by event and looks whether anything that had ended is different afterwards. */
function changedEnds(runId: RunId, events: readonly RunEvent[]): string[] {
  const ends = new Map<string, string>();
  const problems: string[] = [];
  const keep = (name: string, status: string, isEnd: boolean): void => {
    const before = ends.get(name);
    if (before !== undefined && before !== status) problems.push(`${name} was ${before} and became ${status}`);
    if (isEnd) ends.set(name, status);
  };
  let state: RunState | undefined;
  for (const event of events) {
    state = foldRun(runId, [event], state);
    keep('the run', state.status, isTerminalRun(state.status));
    for (const job of state.jobs.values()) {
      keep(`job ${job.key}`, job.status, isTerminalJob(job.status));
      for (const step of job.steps) keep(`step ${job.key} ${job.attempt} ${step.id}`, step.status, isTerminalJob(step.status));
    }
  }
  return problems;
}

import { isTerminalJob, isTerminalRun, type RunEvent, type RunId, type RunState } from '@kb-labs/contracts';
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

  const jobs = new Set(events.flatMap((event) => (event.type === 'run.started' ? event.plan.jobs.map((job) => job.key) : [])));
  for (const job of jobs) {
    const ends = count((event) => event.type === 'job.finished' && event.job === job && event.retry === undefined);
    if (ends !== 1) problems.push(`job ${job} has ${ends} ends`);
  }
  const tries = new Map<string, { started: number; ended: number }>();
  for (const event of events) {
    if (event.type !== 'step.started' && event.type !== 'step.finished') continue;
    const name = `${event.job} ${event.attempt} ${event.step} ${event.stepAttempt}`;
    const found = tries.get(name) ?? { started: 0, ended: 0 };
    tries.set(name, event.type === 'step.started' ? { ...found, started: found.started + 1 } : { ...found, ended: found.ended + 1 });
    if (event.type === 'step.finished' && 'late' in event.outputs) problems.push(`the late outcome of try ${name} was recorded`);
  }
  for (const [name, { started, ended }] of tries) {
    if (started > 1 || ended !== 1) problems.push(`try ${name} has ${started} starts and ${ended} outcomes`);
  }
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

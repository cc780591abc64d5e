import type { RunEvent, Uses } from '@kb-labs/contracts';

/** What three independent witnesses say about the runs of a scenario. */
export interface Ledgers {
  /** A: the runs that a client was told had been accepted. */
  readonly acknowledged: readonly string[];
  /** B: what steps wrote down themselves, outside the engine, when they began: `<run> <job> <step>`. */
  readonly effects: readonly string[];
  /** C: the engine's journals, by run. */
  readonly journals: ReadonlyMap<string, readonly RunEvent[]>;
}

/** Everything in which the witnesses contradict each other or a promise. Empty: all is well. */
export function disagreements({ acknowledged, effects, journals }: Ledgers): string[] {
  const found: string[] = [];
  for (const run of acknowledged) if (!journals.has(run)) found.push(`lost: ${run} was acknowledged and is gone`);
  const begun = Map.groupBy(effects, (line) => line);
  for (const [run, events] of journals) {
    found.push(...doubles(run, events));
    if (events.at(-1)?.type !== 'run.finished') found.push(`stuck: ${run} has no end`);
    for (const [step, tries] of triesOf(run, events)) {
      const seen = begun.get(step)?.length ?? 0;
      if (seen > tries.started) found.push(`again: ${step} began ${seen} times, the journal knows ${tries.started}`);
      if (tries.succeeded && seen === 0) found.push(`missing: ${step} is recorded as a success and never began`);
    }
  }
  for (const [step] of begun) {
    const [run] = step.split(' ');
    if (run !== undefined && !journals.has(run)) found.push(`unknown: ${step} began in a run that is not in any journal`);
  }
  return found;
}

/** More than one outcome of one try, a try after a final outcome, more than one end. */
function doubles(run: string, events: readonly RunEvent[]): string[] {
  const found: string[] = [];
  const outcomes = new Set<string>();
  const final = new Set<string>();
  let ends = 0;
  for (const event of events) {
    if (event.type === 'run.finished') ends += 1;
    if (event.type !== 'step.started' && event.type !== 'step.finished') continue;
    const step = `${event.job} ${event.attempt} ${event.step}`;
    const attempt = `${step} ${event.stepAttempt}`;
    if (event.type === 'step.started' && final.has(step)) found.push(`again: ${run} ${step} was started after its end`);
    if (event.type !== 'step.finished') continue;
    if (outcomes.has(attempt)) found.push(`double: ${run} ${attempt} has two outcomes`);
    outcomes.add(attempt);
    if (event.retry === undefined) final.add(step);
  }
  if (ends > 1) found.push(`double: ${run} ended ${ends} times`);
  return found;
}

/** Of the steps that write themselves down: those of the engine itself do not. */
function triesOf(run: string, events: readonly RunEvent[]): Map<string, { started: number; succeeded: boolean }> {
  const tries = new Map<string, { started: number; succeeded: boolean }>();
  const [first] = events;
  const plan = first?.type === 'run.started' ? first.plan.jobs : [];
  const silent = new Set(plan.flatMap((job) => job.steps.filter((step) => isEngines(step.uses)).map((step) => `${job.key} ${step.id}`)));
  for (const event of events) {
    if (event.type !== 'step.started' && event.type !== 'step.finished') continue;
    if (silent.has(`${event.job} ${event.step}`)) continue;
    const key = `${run} ${event.job} ${event.step}`;
    const entry = tries.get(key) ?? { started: 0, succeeded: false };
    if (event.type === 'step.started') entry.started += 1;
    else if (event.status === 'success') entry.succeeded = true;
    tries.set(key, entry);
  }
  return tries;
}

/** Approvals, waits, gates and calls of workflows: nothing of the author's runs. */
function isEngines(uses: Uses): boolean {
  return uses.kind === 'workflow' || (uses.kind === 'builtin' && uses.name !== 'run');
}

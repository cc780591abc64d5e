import type { RunEvent, RunId } from '@kb-labs/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { EngineDeps } from './deps.js';
import { failure, type Harness, openHarness, replacing, success } from './harness.fixture.js';
import { interleave } from './interleave.fixture.js';
import { callProblems, journalProblems } from './journal-problems.fixture.js';

const FULL = process.env['KB_FAULTS'] === 'full';
/** Of all seeds together. A thousand take some seven seconds, most of them in SQLite. */
const CASES = FULL ? 10_000 : 400;
const SEEDS = [1, 2, 3, 7];
const AT_ONCE = FULL ? 250 : 100;
/** What is broken shows in dozens of them. */
const CONTROL_CASES = 100;
const LIMIT_MS = 120_000;

describe('cancellations, outcomes of steps, answers, called runs and lost leases in any order', () => {
  it.each(SEEDS)('leave each run with one end, one outcome per try, and no ticket (seed %i)', { timeout: LIMIT_MS }, async (seed) => {
    const runs = Math.max(AT_ONCE, Math.ceil(CASES / SEEDS.length));
    const { problems, seen } = await interleave({ seed, runs, atOnce: AT_ONCE });
    expect(problems.slice(0, 10)).toEqual([]);
    // Everything that should be mixed is there often enough to meet everything else.
    for (const what of ['run success', 'run failed', 'run cancelled', 'cancellation accepted', 'success', 'failed', 'failed for good', 'lease lost']) {
      expect(seen.get(what), what).toBeGreaterThan(runs / 20);
    }
    for (const what of ['cancellation refused', 'aborted', 'late success', 'late failed', 'late aborted', 'answer taken', 'call answered', 'called run success', 'called run cancelled', 'failed fast', 'late wait refused']) {
      expect(seen.get(what), what).toBeGreaterThanOrEqual(runs / 100);
    }
  });

  it.each<[string, (deps: EngineDeps) => EngineDeps, RegExp]>([
    ['leases were not checked', unfenced, /does not fold|outcomes|ends|late outcome|damaged/],
    ['a cancellation could get lost', forgetfulOfCancels, /after cancellations that were accepted/],
    ['an answer could get lost', forgetfulOfAnswers, /answers were taken, \d+ are recorded/],
    ['a decision was written over another', unordered, /asked to be cancelled|stuck/],
  ])('would show if %s', { timeout: LIMIT_MS }, async (_, wrap, expected) => {
    const { problems } = await interleave({ seed: 5, runs: CONTROL_CASES, atOnce: CONTROL_CASES, wrap });
    expect(problems.join('\n')).toMatch(expected);
  });
});

describe('what is looked for in a journal', () => {
  let engine: Harness;
  let runId: RunId;
  let events: RunEvent[];
  beforeEach(async () => {
    const text = 'id: w\njobs: { a: { steps: [{ id: one, uses: t/do:it, retry: { max: 1, initial: 0s } }] }, b: { needs: a, steps: [{ uses: t/do:it }] } }';
    engine = await openHarness({ workflows: { 'w.yml': text } });
    engine.handlers.set('do:it', (call) => (call.step === 'one' && call.stepAttempt === 1 ? failure() : success()));
    await engine.worker();
    runId = await engine.start('w');
    await engine.end(runId);
    events = await engine.deps.log.read(runId, 0);
  });
  afterEach(() => engine.close());

  const find = (isMeant: (event: RunEvent) => boolean): number => {
    const index = events.findIndex(isMeant);
    if (index < 0) throw new Error('there is no such event');
    return index;
  };
  const problemsOf = (changed: readonly RunEvent[]): string[] => journalProblems(runId, changed.map((event, index) => ({ ...event, seq: index + 1 })));

  it('is not in a good one', () => {
    expect(problemsOf(events)).toEqual([]);
  });

  it('is a second outcome, a missing one, and one without a start', () => {
    const outcome = find((event) => event.type === 'step.finished');
    expect(problemsOf(events.toSpliced(outcome, 0, ...events.slice(outcome, outcome + 1)))).toContain('try a 1 one 1 has 1 starts and 2 outcomes');
    expect(problemsOf(events.toSpliced(outcome, 1))).toContain('try a 1 one 1 has 1 starts and 0 outcomes');
  });

  it('is a job that ended twice or never', () => {
    const end = find((event) => event.type === 'job.finished' && event.job === 'a');
    expect(problemsOf(events.toSpliced(end, 0, ...events.slice(end, end + 1)))).toContain('job a has 2 ends');
    expect(problemsOf(events.toSpliced(end, 1))).toContain('job a has 0 ends');
  });

  it('is a run that did not end, that ended twice, and that went on', () => {
    expect(problemsOf(events.slice(0, -1))).toContain('it ends with job.finished');
    expect(problemsOf([...events, ...events.slice(-1)])).toContain('it ended more than once');
    const cancel: RunEvent = { type: 'run.cancel_requested', by: 'ada', seq: 0, at: 0 };
    expect(problemsOf([...events, cancel])).toContain('it ends with run.cancel_requested');
  });

  it('is a run that was to be cancelled and was not, and the other way round', () => {
    const cancel: RunEvent = { type: 'run.cancel_requested', by: 'ada', seq: 0, at: 0 };
    expect(problemsOf(events.toSpliced(-1, 0, cancel))).toContain('it is success, and asked to be cancelled');
    const cancelled = events.map((event) => (event.type === 'run.finished' ? { ...event, status: 'cancelled' as const } : event));
    expect(problemsOf(cancelled)).toContain('it is cancelled, but not asked to be cancelled');
  });

  it('is an answer of a called run that is told twice, or is not how it ended, and a called run that goes on', () => {
    const answer = (status: 'success' | 'failed'): RunEvent => ({
      type: 'step.answered', job: 'a', attempt: 1, step: 'one', stepAttempt: 1, seq: 0, at: 0, answer: { kind: 'child', runId, status, outputs: {} },
    });
    expect(callProblems([answer('success')], new Map([[runId, 'success']]))).toEqual([]);
    expect(callProblems([answer('success'), answer('success')], new Map([[runId, 'success']]))).toEqual([`the end of ${runId} was told twice`]);
    expect(callProblems([answer('failed')], new Map([[runId, 'success']]))).toEqual([`it was told that ${runId} is failed, which is success`]);
    expect(callProblems([], new Map([[runId, 'waiting']]))).toEqual([`${runId}, which it called, is waiting`]);
  });

  it('is an outcome of somebody who had lost the job', () => {
    const late = events.map((event) => (event.type === 'step.finished' ? { ...event, outputs: { late: true } } : event));
    expect(problemsOf(late)).toContain('the late outcome of try a 1 one 1 was recorded');
  });
});

function unfenced(deps: EngineDeps): EngineDeps {
  const append: EngineDeps['log']['append'] = ({ fence: _, ...command }) => deps.log.append(command);
  return { ...deps, log: replacing(deps.log, { append }) };
}

function unordered(deps: EngineDeps): EngineDeps {
  const append: EngineDeps['log']['append'] = ({ expected: _, ...command }) => deps.log.append(command);
  return { ...deps, log: replacing(deps.log, { append }) };
}

function forgetfulOfAnswers(deps: EngineDeps): EngineDeps {
  const append: EngineDeps['log']['append'] = (command) =>
    command.events[0]?.type === 'step.answered' && command.events[0].answer.kind !== 'child' ? Promise.resolve({ ok: true, seq: command.expected ?? 0 }) : deps.log.append(command);
  return { ...deps, log: replacing(deps.log, { append }) };
}

function forgetfulOfCancels(deps: EngineDeps): EngineDeps {
  const append: EngineDeps['log']['append'] = (command) =>
    command.events[0]?.type === 'run.cancel_requested' ? Promise.resolve({ ok: true, seq: command.expected ?? 0 }) : deps.log.append(command);
  return { ...deps, log: replacing(deps.log, { append }) };
}

import { type RunEventBody, type RunPlan, type StepAnswer, type StepWait, toRunId } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { foldRun } from './fold-run.js';
import { artifact, jobEnded, jobStarted, journal, plan, planned, runId, started, stepEnded, stepStarted } from './journal.fixture.js';
import { toRunView } from './run-view.js';

const child = toRunId(`${'0'.repeat(25)}1`);
const waits = (wait: StepWait, step = 'x'): RunEventBody => ({ type: 'step.waiting', job: 'a', attempt: 1, step, stepAttempt: 1, wait });
const answered = (answer: StepAnswer, step = 'x'): RunEventBody => ({ type: 'step.answered', job: 'a', attempt: 1, step, stepAttempt: 1, answer });
const calledBack = (payload: number): RunEventBody => ({ type: 'run.called_back', payload, by: 'x' });
const begun = [started, jobStarted('a'), stepStarted('a', 'x')];

const approval: StepWait = { kind: 'approval', title: 'Go?', approvers: ['eve'], subject: 'sha256:1', expiresAt: 60_000 };
const signal: StepWait = { kind: 'signal', name: 'go' };
const approved: StepAnswer = { kind: 'approval', decision: 'approved', by: 'eve', at: 1, subject: 'sha256:1' };
const heard: StepAnswer = { kind: 'signal', payload: null, by: 'x' };
const called: StepAnswer = { kind: 'callback', payload: 1, by: 'x' };
const told = (id = child): StepAnswer => ({ kind: 'child', runId: id, status: 'success', outputs: {} });

const fold = (...bodies: RunEventBody[]) => foldRun(runId, journal(...bodies));

describe('a wait in the journal', () => {
  it('takes its job, and with the last of them its run, out of work, and the answer brings them back', () => {
    const run = fold(...begun, waits(approval));
    expect([run.status, run.waitingJobs]).toEqual(['waiting', 1]);
    expect(run.jobs.get('a')).toMatchObject({ status: 'waiting', turn: 1, dueAt: 60_000, reason: { rule: 'approval' } });
    expect(run.jobs.get('a')?.steps[0]).toMatchObject({ status: 'waiting_approval', wait: approval });
    const after = fold(...begun, waits(approval), answered(approved));
    expect([after.status, after.waitingJobs, after.readyAgain]).toEqual(['running', 0, 1]);
    expect(after.jobs.get('a')).toMatchObject({ status: 'queued', turn: 1 });
    expect(after.jobs.get('a')).not.toHaveProperty('dueAt');
  });

  it('ends with its step, and can be gone on with after a hand-out that came too early', () => {
    const again = [...begun, waits(signal), jobStarted('a', 1, 1, 2), waits(signal)];
    expect(fold(...again).jobs.get('a')).toMatchObject({ status: 'waiting', turn: 2 });
    const step = fold(...again, jobStarted('a', 1, 2, 3), stepEnded('a', 'x')).jobs.get('a')?.steps[0];
    expect(step).toMatchObject({ status: 'success' });
    for (const gone of ['wait', 'answer', 'unwanted']) expect(step).not.toHaveProperty(gone);
  });

  it('is marked when a cancellation finds it, and not when it begins after one', () => {
    const cancel: RunEventBody = { type: 'run.cancel_requested', by: 'ada' };
    const stepOf = (...bodies: RunEventBody[]) => fold(...bodies).jobs.get('a')?.steps[0];
    expect(stepOf(...begun, waits(signal), cancel)?.unwanted).toBe(true);
    expect(stepOf(...begun, waits(signal), { type: 'job.cancel_requested', job: 'a', reason: { rule: 'fail-fast', message: '' } })?.unwanted).toBe(true);
    expect(stepOf(...begun, cancel, waits(signal))?.unwanted).toBeUndefined();
    expect(stepOf(...begun, waits(signal), answered(heard), cancel)?.unwanted).toBeUndefined();
  });

  it('to be called back takes the first of the calls that came', () => {
    const run = fold(...begun, calledBack(1), calledBack(2), waits({ kind: 'callback' }), answered(called));
    expect(run.callbacks).toEqual([{ payload: 2, by: 'x' }]);
  });

  it('for a called run counts it, and forgets it with the next try', () => {
    const call: RunEventBody = { type: 'step.started', job: 'a', attempt: 1, step: 'x', stepAttempt: 1, isolation: 'in-process', child };
    const run = fold(started, jobStarted('a'), call, waits({ kind: 'child', runId: child }));
    expect([run.children, run.jobs.get('a')?.steps[0]?.child]).toEqual([1, child]);
    const retried = fold(started, jobStarted('a'), call, stepEnded('a', 'x', { status: 'failed', retry: { attempt: 2, dueAt: 0, code: 'E' } }));
    expect([retried.children, retried.jobs.get('a')?.steps[0]?.child]).toEqual([1, undefined]);
  });

  it.each<[string, RunEventBody[]]>([
    ['a wait of a step that has not started', [started, jobStarted('a'), waits(signal)]],
    ['a second wait without a hand-out', [...begun, waits(signal), waits(signal)]],
    ['a wait that goes on though it was answered', [...begun, waits(signal), answered(heard), jobStarted('a', 1, 1, 2), waits(signal)]],
    ['an answer to a step that does not wait', [...begun, answered(heard)]],
    ['an answer to another step', [...begun, waits(signal), answered(heard, 'y')]],
    ['an answer of another kind', [...begun, waits(signal), answered(approved)]],
    ['a second answer', [...begun, waits(signal), answered(heard), answered(heard)]],
    ['an answer to a job that was handed out', [...begun, waits(signal), jobStarted('a', 1, 1, 2), answered(heard)]],
    ['an answer of a run that was not called', [...begun, waits({ kind: 'child', runId: child }), answered(told(runId))]],
    ['a call back that nobody made', [...begun, waits({ kind: 'callback' }), answered(called)]],
    ['an answer after the end', [...begun, waits(signal), jobStarted('a', 1, 1, 2), stepEnded('a', 'x'), answered(heard)]],
  ])('is refused: %s', (_, bodies) => {
    expect(() => fold(...bodies)).toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }) as Error);
  });
});

describe('a gate in the journal', () => {
  const toGate = [...begun, stepEnded('a', 'x', { outputs: { n: 1 }, artifacts: [artifact('log', 'sha256:1')] }), stepStarted('a', 'y')];
  const back = (from: string): RunEventBody => stepEnded('a', 'y', { outputs: { route: 'restart' }, restart: { from } });

  it('begins the steps before it anew, and keeps what it decided', () => {
    const [x, y] = fold(...toGate, back('x')).jobs.get('a')?.steps ?? [];
    expect(x).toMatchObject({ status: 'queued', iteration: 2, attempt: 1, outputs: {}, artifacts: [{ name: 'log' }] });
    expect(y).toMatchObject({ status: 'queued', iteration: 2, previous: { route: 'restart' } });
    expect(toRunView(fold(...toGate, back('x'))).jobs[0]?.steps.map((step) => step.iteration)).toEqual([2, 2]);
  });

  it.each(['y', 'nope'])('cannot go back to %s', (from) => {
    expect(() => fold(...toGate, back(from))).toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }) as Error);
  });
});

describe('a matrix in the journal', () => {
  const matrix: RunPlan = { ...plan, jobs: [{ ...planned('a', [], ['x']), strategy: { matrix: {}, failFast: true } }, planned('b', ['a'], ['z'])] };
  const opened: RunEventBody = { ...started, plan: matrix } as RunEventBody;
  const expanded: RunEventBody = { type: 'job.expanded', job: 'a', combinations: [{ n: 1 }, { n: 2 }] };

  it('is its combinations, each a job of its own after the one they came from', () => {
    const run = fold(opened, expanded, jobStarted('a.1'), stepStarted('a.1', 'x'));
    expect([run.openJobs, run.jobs.get('a')?.matrix]).toEqual([4, { total: 2, begun: 1, ended: 0 }]);
    const view = toRunView(run);
    expect(view.jobs.map((job) => [job.key, job.status, job.combinationOf, job.matrix, job.steps.length])).toEqual([
      ['a', 'running', undefined, undefined, 0],
      ['a.1', 'running', 'a', { n: 1 }, 1],
      ['a.2', 'queued', 'a', { n: 2 }, 1],
      ['b', 'queued', undefined, undefined, 1],
    ]);
  });

  it('counts its ends, and names the first that failed', () => {
    const run = fold(opened, expanded, jobStarted('a.1'), jobEnded('a.1', { status: 'failed' }), jobEnded('a.2', { status: 'cancelled' }));
    expect(run.jobs.get('a')?.matrix).toEqual({ total: 2, begun: 2, ended: 2, failed: 'a.1' });
    expect(fold(opened, expanded, jobEnded('a.1'), jobEnded('a.2'), jobEnded('a')).openJobs).toBe(1);
  });

  it.each<[string, RunEventBody[]]>([
    ['a second expansion', [opened, expanded, expanded]],
    ['an expansion of a job without a matrix', [opened, { ...expanded, job: 'b' }]],
    ['an expansion of a job that has ended', [opened, jobEnded('a'), expanded]],
    ['its end before those of its combinations', [opened, expanded, jobEnded('a.1'), jobEnded('a')]],
    ['a combination that it does not have', [opened, expanded, jobStarted('a.3')]],
    ['a combination of a job that has not become any', [opened, jobStarted('a.1')]],
    ['a cancellation of a combination that has ended', [opened, expanded, jobEnded('a.1'), { type: 'job.cancel_requested', job: 'a.1', reason: { rule: 'fail-fast', message: '' } }]],
  ])('is refused: %s', (_, bodies) => {
    expect(() => fold(...bodies)).toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }) as Error);
  });
});

describe('what a view shows of a wait', () => {
  const shown = (wait: StepWait) => toRunView(fold(...begun, waits(wait))).jobs[0]?.steps[0]?.waitsFor;

  it('is what has to come, while it has not', () => {
    expect(shown(approval)).toEqual({ kind: 'approval', title: 'Go?', instructions: null, context: null, approvers: ['eve'], form: null, subject: 'sha256:1', expiresAt: '1970-01-01T00:01:00.000Z' });
    expect(shown(signal)).toEqual({ kind: 'signal', name: 'go', expiresAt: null });
    expect(shown({ kind: 'callback' })).toEqual({ kind: 'callback', expiresAt: null });
    expect(shown({ kind: 'child', runId: child })).toEqual({ kind: 'child', runId: child, expiresAt: null });
    expect(shown({ kind: 'timer', dueAt: 0 })).toEqual({ kind: 'timer', dueAt: '1970-01-01T00:00:00.000Z' });
    expect(toRunView(fold(...begun, waits(signal), answered(heard))).jobs[0]?.steps[0]).not.toHaveProperty('waitsFor');
  });

  it('is one state for each phase, of all its steps', () => {
    const steps = plan.jobs[0]?.steps.map((step, index) => ({ ...step, phase: index === 0 ? 'one' : 'two' })) ?? [];
    const phased: RunPlan = { ...plan, phases: [{ id: 'one', label: 'One' }, { id: 'two', label: 'Two' }, { id: 'none', label: 'None' }], jobs: [{ ...planned('a', [], []), steps }] };
    const opened: RunEventBody = { ...started, plan: phased } as RunEventBody;
    const phases = (...bodies: RunEventBody[]) => toRunView(fold(opened, ...bodies)).phases?.map((phase) => phase.status);
    expect(phases()).toEqual(['queued', 'queued', 'queued']);
    expect(phases(jobStarted('a'), stepStarted('a', 'x'), waits(approval))).toEqual(['waiting_approval', 'queued', 'queued']);
    expect(phases(jobStarted('a'), stepStarted('a', 'x'), stepEnded('a', 'x'), stepStarted('a', 'y'))).toEqual(['success', 'running', 'queued']);
    expect(phases(jobStarted('a'), stepStarted('a', 'x'), stepEnded('a', 'x', { status: 'failed' }), stepEnded('a', 'y', { status: 'skipped' }), jobEnded('a', { status: 'failed' }))).toEqual(['failed', 'skipped', 'queued']);
  });

  it('says where a result was kept from', () => {
    const kept = { run: child, why: 'it succeeded' };
    const rerun = { of: child, mode: 'failed' as const, changesFiles: [], earlier: { a: { needs: '', ended: { outputs: { n: 1 }, artifacts: [] }, steps: [{ id: 'x', status: 'success' as const, outputs: { m: 2 }, artifacts: [], inputs: null }] } } };
    const view = toRunView(fold({ ...started, rerun } as RunEventBody, jobEnded('a', { outputs: { n: 1 }, kept })));
    expect([view.rerunOf, view.jobs[0]?.keptFrom]).toEqual([child, child]);
    expect(view.jobs[0]?.steps.map((step) => [step.status, step.outputs, step.keptFrom])).toEqual([['success', { m: 2 }, child], ['skipped', {}, undefined]]);
    const step = toRunView(fold(started, jobStarted('a'), stepEnded('a', 'x', { kept }))).jobs[0]?.steps[0];
    expect(step?.keptFrom).toBe(child);
  });
});

import type { RunEventBody, StepAnswer, StepWait } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { jobEnded, jobStarted, journal, runId, started, stepEnded, stepStarted } from '../journal.fixture.js';
import { idOf, scopedOf } from './flow.fixture.js';
import { scopedRunOf, toolOfUses } from './scoped-run.js';
import { toPromptViews, toSessionRunView, toTaskViews } from './session-views.js';

const approval: StepWait = { kind: 'approval', title: 'Go?', instructions: 'Look.', subject: 'sha256:1', expiresAt: 60_000 };
const waits = (stepAttempt = 1, attempt = 1): RunEventBody => ({ type: 'step.waiting', job: 'a', attempt, step: 'x', stepAttempt, wait: approval });
const answered = (decision: 'approved' | 'rejected'): RunEventBody => ({
  type: 'step.answered', job: 'a', attempt: 1, step: 'x', stepAttempt: 1, answer: { kind: 'approval', decision, by: 'eve', at: 1, subject: 'sha256:1', comment: 'fine' } satisfies StepAnswer,
});
const fold = (...bodies: RunEventBody[]) => scopedRunOf(runId, journal(...bodies));
const asks = [started, jobStarted('a'), stepStarted('a', 'x'), waits()];

describe('a run of a session', () => {
  it.each([
    ['open a=queued', 'queued'],
    ['open a=running', 'running'],
    ['open a=sleeps', 'running'],
    ['open a=calls>child', 'running'],
    ['open a=asks', 'waiting_for_approval'],
    ['open a=question', 'waiting_for_user_question'],
    ['open a=question b=asks', 'waiting_for_approval'],
    ['open a=unwanted', 'running'],
    ['success a=ok', 'completed'],
    ['success a=hidden', 'completed'],
    ['failed a=failed', 'failed'],
    ['cut a=cut', 'interrupted'],
    ['quarantined a=parked', 'interrupted'],
    ['cancelled a=cancelled', 'cancelled'],
    ['skipped a=skipped', 'cancelled'],
  ])('%s: %s', (does, status) => {
    expect(scopedOf('root', { root: { does } }).status).toBe(status);
  });

  it('is shown with its tasks, what it called and who is asked', () => {
    const run = scopedOf('root', { root: { does: 'open a=calls>child b=asks c=question d=allowed' } });
    const id = idOf('root');
    expect(toSessionRunView(run)).toMatchObject({
      run_id: id,
      session_id: 'main',
      agent_id: 'agent-main',
      parent_run_id: null,
      status: 'waiting_for_approval',
      task_ids: [`${id}.a`, `${id}.b`, `${id}.c`, `${id}.d`],
      child_run_ids: [idOf('child')],
      pending_approval_ids: [`${id}.b.s.1`],
      pending_question_ids: [`${id}.c.s.1`],
      submitted_at: '1970-01-01T00:00:01.000Z',
      finished_at: null,
    });
  });

  it('belongs to no session when nobody submitted it to one', () => {
    const run = fold(...asks);
    expect([toSessionRunView(run), toTaskViews(run), toPromptViews(run, 'approval')]).toEqual([null, [], []]);
  });

  it('that is run again has no sidechain of its own', () => {
    const written = { child: { does: 'success a=ok', of: 'root' } };
    expect(scopedOf('child', written)).toMatchObject({ isSidechain: true, parentRunId: idOf('root') });
    const again = { id: `sc-${idOf('child')}`, metadata: {}, spawnedBy: idOf('root') };
    const begun = started.type === 'run.started' ? { ...started, trigger: { ...started.trigger, session: again } } : started;
    expect(scopedRunOf(runId, journal(begun))).toMatchObject({ isSidechain: false, parentRunId: null });
  });

  it('came when it was submitted, however long it waited for its turn', () => {
    expect(scopedOf('root', { root: { does: 'success a=ok', at: 5_000, submittedAt: 2_000 } }).createdAt).toBe(2_000);
  });

  it('names each run it called once, and none that was refused', () => {
    const call = (child: string, stepAttempt: number): RunEventBody => ({ type: 'step.started', job: 'a', attempt: 1, step: 'x', stepAttempt, isolation: 'in-process', child: idOf(child) });
    const retried = stepEnded('a', 'x', { status: 'failed', retry: { attempt: 2, dueAt: 0, code: 'CHILD_FAILED' } });
    expect(fold(started, jobStarted('a'), call('one', 1), retried, call('two', 2)).childRunIds).toEqual([idOf('one'), idOf('two')]);
    const refused = stepEnded('a', 'x', { status: 'failed', childRefused: true, retry: { attempt: 2, dueAt: 0, code: 'QUEUE_FULL' } });
    expect(fold(started, jobStarted('a'), call('one', 1), refused, call('two', 2)).childRunIds).toEqual([idOf('two')]);
  });
});

describe('the tools of a run', () => {
  it('count from when each of them began for the first time', () => {
    const retried = stepEnded('a', 'x', { status: 'failed', retry: { attempt: 2, dueAt: 0, code: 'EXIT_CODE' } });
    expect(fold(started, jobStarted('a'), stepStarted('a', 'x'), retried, stepStarted('a', 'x', 2)).tools).toEqual([{ tool: 'shell', run_id: runId, task_id: `${runId}.a`, step: 'x', at: 1_002 }]);
  });

  it('are the commands of plugins by name, without the range of versions that was asked for', () => {
    expect(toolOfUses({ kind: 'plugin', package: '@acme/ship', range: '^1', command: 'release:push' })).toBe('@acme/ship/release:push');
    expect(toolOfUses({ kind: 'builtin', name: 'gate' })).toBeUndefined();
    expect(toolOfUses({ kind: 'workflow', id: 'child' })).toBeUndefined();
  });
});

describe('a task', () => {
  it.each([
    ['queued', 'pending', null, null],
    ['running', 'in_progress', null, null],
    ['sleeps', 'blocked', null, 'it sleeps'],
    ['asks', 'blocked', null, 'it waits for approval: Go?'],
    ['ok', 'completed', 0, null],
    ['retried', 'completed', 0, null],
    ['failed', 'failed', 3, 'exit_code'],
    ['hidden', 'failed', 4, 'the step s failed'],
    ['skipped', 'completed', null, 'skipped: condition'],
    ['dropped', 'cancelled', null, 'skipped: cancelled'],
    ['cancelled', 'cancelled', null, 'cancelled'],
    ['cut', 'cancelled', null, 'interrupted'],
    ['parked', 'cancelled', null, 'interrupted'],
  ])('%s: %s', (how, status, exitCode, reason) => {
    const [task] = toTaskViews(scopedOf('root', { root: { does: `open a=${how}` } }));
    expect(task).toMatchObject({ status, exit_code: exitCode });
    expect(task?.terminal_reason ?? null).toEqual(reason === 'the step s failed' ? 'the step s failed: exit_code' : reason);
  });

  it('that was cut off has failed when a step of it had failed before', () => {
    const plan = started.type === 'run.started' ? started.plan : undefined;
    expect(plan?.jobs[0]?.steps.map(({ id }) => id)).toEqual(['x', 'y']);
    const failed = stepEnded('a', 'x', { status: 'failed', error: { code: 'EXIT_CODE', message: 'no' } });
    const cut = { code: 'STEP_INTERRUPTED', message: 'cut' };
    const run = fold(started, jobStarted('a'), stepStarted('a', 'x'), failed, stepStarted('a', 'y'), stepEnded('a', 'y', { status: 'failed', error: cut }), jobEnded('a', { status: 'failed', error: cut }));
    expect(run.tasks[0]).toMatchObject({ status: 'failed', interrupted: false, terminalReason: 'the step x failed: no' });
  });

  it('of a matrix is each of its combinations', () => {
    const begun = started.type === 'run.started' ? started : undefined;
    if (begun === undefined) throw new Error('the journal begins otherwise');
    const jobs = begun.plan.jobs.map((job) => (job.key === 'a' ? { ...job, strategy: { matrix: { n: [1, 2] }, failFast: true } } : job));
    const run = fold({ ...begun, plan: { ...begun.plan, jobs } }, { type: 'job.expanded', job: 'a', combinations: [{ n: 1 }, { n: 2 }] });
    expect(run.tasks.map(({ job, status }) => [job, status])).toEqual([['a.1', 'pending'], ['a.2', 'pending'], ['b', 'pending']]);
  });
});

describe('an approval', () => {
  const shown = (...bodies: RunEventBody[]) => fold(...bodies).prompts.map(({ id, status, resolvedAt }) => [id.slice(runId.length), status, resolvedAt]);

  it('is pending until it is decided, and stays to be read', () => {
    expect(shown(...asks)).toEqual([['.a.x.1', 'pending', null]]);
    expect(shown(...asks, answered('approved'))).toEqual([['.a.x.1', 'allowed', 1_004]]);
    const over = fold(...asks, answered('rejected'), jobStarted('a', 1, 1, 2), stepEnded('a', 'x', { status: 'failed' })).prompts;
    expect(over).toMatchObject([{ status: 'denied', resolvedBy: 'eve', comment: 'fine', resolvedAt: 1_004 }]);
  });

  it('that goes on being waited for is the same', () => {
    expect(shown(...asks, jobStarted('a', 1, 1, 2), waits())).toEqual([['.a.x.1', 'pending', null]]);
  });

  it('is asked anew by another try of its step', () => {
    const retried = stepEnded('a', 'x', { status: 'failed', error: { code: 'APPROVAL_EXPIRED', message: '' }, retry: { attempt: 2, dueAt: 0, code: 'APPROVAL_EXPIRED' } });
    expect(shown(...asks, jobStarted('a', 1, 1, 2), retried, stepStarted('a', 'x', 2), waits(2))).toEqual([['.a.x.1', 'expired', 1_005], ['.a.x.2', 'pending', null]]);
  });

  it('is over as soon as its run or its job is to be cancelled', () => {
    expect(shown(...asks, { type: 'run.cancel_requested', by: 'ada' })).toEqual([['.a.x.1', 'cancelled', 1_004]]);
    expect(shown(...asks, { type: 'job.cancel_requested', job: 'a', reason: { rule: 'fail-fast', message: '' } })).toEqual([['.a.x.1', 'cancelled', 1_004]]);
    expect(shown(...asks, { type: 'job.cancel_requested', job: 'b', reason: { rule: 'fail-fast', message: '' } })).toEqual([['.a.x.1', 'pending', null]]);
  });

  it('that begins after a cancellation, to clean up, is pending', () => {
    expect(shown(started, jobStarted('a'), { type: 'run.cancel_requested', by: 'ada' }, stepStarted('a', 'x'), waits())).toEqual([['.a.x.1', 'pending', null]]);
  });

  it('is shown as it was asked', () => {
    const run = scopedOf('root', { root: { does: 'open a=asks b=question c=answered' } });
    expect(toPromptViews(run, 'approval')).toMatchObject([{ id: `${idOf('root')}.a.s.1`, task_id: `${idOf('root')}.a`, step: 's', title: 'Go?', form: null, subject: 'sha256:1', status: 'pending', resolved_at: null }]);
    expect(toPromptViews(run, 'question')).toMatchObject([
      { status: 'pending', form: { type: 'object' }, answer: null },
      { status: 'answered', answer: { why: 'so' }, resolved_by: 'eve' },
    ]);
  });
});

import { type RunEvent, type RunEventBody, toWorkerId } from '@kb-labs/contracts';
import { hasCode } from '@kb-labs/errors';
import { describe, expect, it } from 'vitest';

import { foldRun } from './fold-run.js';
import { artifact, jobEnded, jobStarted, journal, runId, started, stepEnded, stepStarted } from './journal.fixture.js';
import { toRunSummary, toRunView } from './run-view.js';

const whole = journal(
  started,
  jobStarted('a'),
  stepStarted('a', 'x'),
  stepEnded('a', 'x', { outputs: { n: 1 }, artifacts: [artifact('report', 'sha256:1')] }),
  stepStarted('a', 'y'),
  stepEnded('a', 'y', { status: 'failed', error: { code: 'EXIT_CODE', message: 'no' }, retry: { attempt: 2, dueAt: 9_000, code: 'EXIT_CODE' } }),
  jobStarted('a', 1, 1, 2),
  stepStarted('a', 'y', 2),
  stepEnded('a', 'y', { stepAttempt: 2 }),
  jobEnded('a', { outputs: { out: 'v' } }),
  jobEnded('b', { status: 'skipped', reason: { rule: 'condition', message: 'its condition was false' } }),
  { type: 'run.finished', status: 'success', outputs: { done: true } },
);

describe('foldRun', () => {
  it('shows every intermediate state of a run as it happens', () => {
    const shown = whole.map((_, index) => {
      const run = foldRun(runId, whole.slice(0, index + 1));
      const a = run.jobs.get('a');
      return [run.status, a?.status, a?.steps.map((step) => step.status).join(' ')].join(' | ');
    });
    expect(shown).toEqual([
      'queued | queued | queued queued',
      'running | running | queued queued',
      'running | running | running queued',
      'running | running | success queued',
      'running | running | success running',
      'waiting | waiting | success waiting',
      'running | running | success waiting',
      'running | running | success running',
      'running | running | success success',
      'running | success | success success',
      'running | success | success success',
      'success | success | success success',
    ]);
  });

  it('gives the same view folded in one go, event by event, and twice', () => {
    const atOnce = toRunView(foldRun(runId, whole));
    let state = foldRun(runId, whole.slice(0, 1));
    for (const event of whole.slice(1)) state = foldRun(runId, [event], state);
    expect(toRunView(state)).toEqual(atOnce);
    expect(toRunView(foldRun(runId, whole))).toEqual(atOnce);
  });

  it('hands a job that waits for a retry out under its next turn', () => {
    const run = foldRun(runId, whole.slice(0, 6));
    expect(run.jobs.get('a')).toMatchObject({ status: 'waiting', turn: 1, dueAt: 9_000 });
    expect(run.jobs.get('a')?.steps[1]).toMatchObject({ attempt: 2, failures: 1, interruptions: 0 });
  });

  it('goes on in the same turn when the retry is due at once, and counts interruptions in a row', () => {
    const interrupted = (stepAttempt: number, at: number): RunEventBody =>
      stepEnded('a', 'x', { stepAttempt, status: 'interrupted', retry: { attempt: stepAttempt + 1, dueAt: at, code: 'STEP_INTERRUPTED' } });
    const run = foldRun(runId, journal(started, jobStarted('a'), stepStarted('a', 'x'), interrupted(1, 1_003), stepStarted('a', 'x', 2), interrupted(2, 1_005)));
    expect(run.jobs.get('a')).toMatchObject({ status: 'running', turn: 0 });
    expect(run.jobs.get('a')?.steps[0]).toMatchObject({ status: 'queued', attempt: 3, interruptions: 2, failures: 0 });
  });

  it('does not count an interruption that the worker lived through, and knows who was handed the job last', () => {
    const interrupted = (stepAttempt: number, at: number, workerLived: boolean): RunEventBody =>
      stepEnded('a', 'x', { stepAttempt, status: 'interrupted', retry: { attempt: stepAttempt + 1, dueAt: at, code: 'STEP_INTERRUPTED' }, ...(workerLived ? { workerLived } : {}) });
    const run = foldRun(
      runId,
      journal(started, jobStarted('a'), stepStarted('a', 'x'), interrupted(1, 1_003, false), stepStarted('a', 'x', 2), interrupted(2, 1_005, true), stepStarted('a', 'x', 3), interrupted(3, 1_007, false)),
    );
    expect(run.jobs.get('a')?.steps[0]).toMatchObject({ status: 'queued', attempt: 4, interruptions: 2, failures: 0 });
    expect([run.jobs.get('a')?.worker, run.jobs.get('b')?.worker]).toEqual([toWorkerId('0'.repeat(26)), undefined]);
  });

  it('starts a new attempt of a job from its first step, keeping what the last one stored', () => {
    const run = foldRun(
      runId,
      journal(started, jobStarted('a'), stepStarted('a', 'x'), stepEnded('a', 'x', { artifacts: [artifact('log', 'sha256:1')] }), jobEnded('a', { status: 'failed', retry: { attempt: 2, dueAt: 9_000, code: 'EXIT_CODE' } })),
    );
    expect(run.jobs.get('a')).toMatchObject({ status: 'waiting', attempt: 2, turn: 0 });
    expect(run.jobs.get('a')?.steps.map((step) => [step.status, step.artifacts.length])).toEqual([['queued', 1], ['queued', 0]]);
    expect(run.openJobs).toBe(2);
  });

  it('replaces an artifact that a later try stores under the same name', () => {
    const run = foldRun(
      runId,
      journal(
        started, jobStarted('a'), stepStarted('a', 'x'),
        stepEnded('a', 'x', { status: 'failed', artifacts: [artifact('log', 'sha256:1'), artifact('dump', 'sha256:2')], retry: { attempt: 2, dueAt: 0, code: 'E' } }),
        stepStarted('a', 'x', 2),
        stepEnded('a', 'x', { stepAttempt: 2, artifacts: [artifact('log', 'sha256:3')] }),
      ),
    );
    expect(run.jobs.get('a')?.steps[0]?.artifacts.map((one) => [one.name, one.digest])).toEqual([['dump', 'sha256:2'], ['log', 'sha256:3']]);
  });

  it('marks the jobs that had started when the run was cancelled, and no others', () => {
    const run = foldRun(runId, journal(started, jobStarted('a'), { type: 'run.cancel_requested', by: 'ada' }, { type: 'run.cancel_requested', by: 'bob' }));
    expect(run.cancel).toEqual({ by: 'ada', at: 1_002 });
    expect([run.jobs.get('a')?.cancelled, run.jobs.get('b')?.cancelled]).toEqual([true, undefined]);
  });

  const broken: [string, RunEvent[]][] = [
    ['an empty journal', []],
    ['a gap', journal(started, jobStarted('a')).filter((event) => event.seq !== 1)],
    ['a second start', journal(started, started)],
    ['an event after the end', [...whole, { ...jobStarted('a'), seq: 13, at: 1 }]],
    ['an end with open jobs', journal(started, { type: 'run.finished', status: 'success', outputs: {} })],
    ['an unknown job', journal(started, jobStarted('nope'))],
    ['an unknown step', journal(started, jobStarted('a'), stepStarted('a', 'nope'))],
    ['a step before its job', journal(started, stepStarted('a', 'x'))],
    ['a step that starts twice', journal(started, jobStarted('a'), stepStarted('a', 'x'), stepStarted('a', 'x'))],
    ['two outcomes of one step', journal(started, jobStarted('a'), stepStarted('a', 'x'), stepEnded('a', 'x'), stepEnded('a', 'x'))],
    ['two outcomes of one job', journal(started, jobStarted('a'), jobEnded('a'), jobEnded('a'))],
    ['the wrong attempt', journal(started, jobStarted('a', 2))],
    ['the wrong turn', journal(started, jobStarted('a', 1, 3))],
    ['the wrong try', journal(started, jobStarted('a'), stepStarted('a', 'x', 2))],
    ['an interruption that leads nowhere', journal(started, jobStarted('a'), stepStarted('a', 'x'), stepEnded('a', 'x', { status: 'interrupted' }))],
  ];
  it.each(broken)('refuses a journal with %s', (_, events) => {
    expect(() => foldRun(runId, events)).toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }) as Error);
  });

  it('refuses a journal of a version it does not know', () => {
    const future = journal({ ...started, schema: 99 } as unknown as RunEventBody);
    expect(() => foldRun(runId, future)).toThrow(expect.objectContaining({ code: 'STATE_SCHEMA' }) as Error);
    expect(hasCode(new Error('x'), 'STATE_SCHEMA')).toBe(false);
  });
});

describe('toRunView', () => {
  it('shows times in ISO 8601, durations in milliseconds, and artifacts with their place', () => {
    const view = toRunView(foldRun(runId, whole));
    expect(view).toMatchObject({
      workflowId: 'w',
      status: 'success',
      createdAt: '1970-01-01T00:00:01.000Z',
      startedAt: '1970-01-01T00:00:01.001Z',
      durationMs: 10,
      outputs: { done: true },
      artifacts: [{ name: 'report', label: null, job: 'a', step: 'x' }],
    });
    expect(view.jobs[0]?.steps[0]).toMatchObject({ uses: 'builtin:run', isolation: 'subprocess', outputs: { n: 1 } });
    expect(view.jobs[1]).toMatchObject({ status: 'skipped', reason: { rule: 'condition' }, startedAt: null });
  });

  it('writes the instant of a wait out', () => {
    const run = foldRun(runId, journal(started, jobStarted('a'), stepStarted('a', 'x'), stepEnded('a', 'x', {
      status: 'failed', reason: { rule: 'retry', message: 'try 2', dueAt: 60_000 }, retry: { attempt: 2, dueAt: 60_000, code: 'E' },
    })));
    expect(toRunView(run).jobs[0]?.reason).toEqual({ rule: 'retry', message: 'try 2', dueAt: '1970-01-01T00:01:00.000Z' });
  });
});

describe('toRunSummary', () => {
  it('keeps what a list shows', () => {
    expect(toRunSummary(foldRun(runId, whole))).toEqual({
      id: runId, root: runId, tenant: 'default', workflowId: 'w', workflowVersion: '1', status: 'success', trigger: { type: 'manual', actor: 'ada', branch: 'main' }, createdAt: 1_000, startedAt: 1_001, finishedAt: 1_011,
    });
  });
});

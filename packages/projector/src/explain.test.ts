import { type JobState, PLAN_SCHEMA, type PlannedJob, type RunState, type StepState, type StepWait, toCombinationKey, toRunId } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { explainRun, type Surroundings } from './explain.js';

const NOW = 1_000_000;
const LATER = NOW + 60_000;
const LATER_ISO = new Date(LATER).toISOString();
const runId = toRunId('0'.repeat(26));
const otherRun = toRunId(`${'0'.repeat(25)}1`);

function planned(key: string, over: Partial<PlannedJob> = {}): PlannedJob {
  const retry = { max: 0, backoff: 'constant' as const, initialMs: 1, capMs: 1, jitter: false };
  return { key, name: key, needs: [], if: null, env: {}, timeoutMs: 1, retry, continueOnError: false, outputs: {}, steps: [], ...over };
}

function job(key: string, over: Partial<JobState> = {}): JobState {
  return { key, status: 'queued', attempt: 1, turn: 0, outputs: {}, artifacts: [], steps: [], endedSteps: 0, ...over };
}

function step(id: string, over: Partial<StepState> = {}): StepState {
  return { id, status: 'queued', iteration: 1, attempt: 1, interruptions: 0, failures: 0, outputs: {}, artifacts: [], ...over };
}

function run(jobs: readonly PlannedJob[], states: readonly JobState[], over: Partial<RunState> = {}): RunState {
  return {
    id: runId,
    root: runId,
    tenant: 'default',
    seq: 1,
    plan: { schema: PLAN_SCHEMA, workflow: { id: 'w', name: 'w', version: null, digest: '' }, inputs: {}, vars: {}, env: {}, outputs: {}, jobs },
    trigger: { type: 'manual', actor: 'test', payload: null, branch: null, tag: null, sha: null },
    status: 'running',
    createdAt: 0,
    outputs: {},
    children: 0,
    callbacks: [],
    openJobs: 0,
    runningJobs: 0,
    waitingJobs: 0,
    readyAgain: 0,
    jobs: new Map(states.map((state) => [state.key, state])),
    ...over,
  };
}

const quiet: Surroundings = { claims: [], served: true, tickets: [], now: NOW };
const due = { held: false, notBefore: NOW - 1 };
const ended = { startedAt: 1, finishedAt: 2 };

/** The missing thing of each node, by `job` or `job/step`. */
function missing(state: RunState, around: Partial<Surroundings> = {}): Record<string, unknown> {
  const { nodes } = explainRun(state, { ...quiet, ...around });
  return Object.fromEntries(nodes.map((node) => [node.step === undefined ? node.job : `${node.job}/${node.step}`, node.missing]));
}

function waitingFor(wait: StepWait, over: Partial<StepState> = {}): RunState {
  const status = wait.kind === 'approval' ? 'waiting_approval' : 'waiting';
  return run([planned('a')], [job('a', { status: 'waiting', startedAt: 1, steps: [step('s', { status, wait, ...over })] })], { status: 'waiting' });
}

describe('explainRun', () => {
  it('has nothing to say of what succeeded or runs at the first try', () => {
    const state = run([planned('a'), planned('b')], [job('a', { status: 'success', ...ended, steps: [step('s', { status: 'success', ...ended })] }), job('b', { status: 'running', startedAt: 1, steps: [step('s', { status: 'running' }), step('t')] })]);
    expect(explainRun(state, quiet)).toEqual({ runId, status: 'running', nodes: [] });
  });

  it('gives the reason and the error of the run, and of what was skipped, failed and cancelled, a job before its steps', () => {
    const condition = { rule: 'condition' as const, message: 'its condition was false', expression: 'inputs.go', values: { 'inputs.go': false } };
    const error = { code: 'EXIT_CODE', message: 'exit code 1' };
    const reason = { rule: 'cancelled' as const, message: 'the run was cancelled by ada' };
    const state = run(
      [planned('a'), planned('b')],
      [
        job('a', { status: 'failed', ...ended, error, steps: [step('s', { status: 'skipped', reason: condition, ...ended }), step('t', { status: 'failed', error, ...ended }), step('u', { status: 'success', ...ended })] }),
        job('b', { status: 'cancelled', finishedAt: 2, reason, steps: [step('s'), step('t')] }),
      ],
      { status: 'cancelled', error, reason },
    );
    expect(explainRun(state, quiet)).toEqual({
      runId,
      status: 'cancelled',
      reason,
      error,
      nodes: [
        { job: 'a', status: 'failed', attempt: 1, error },
        { job: 'a', step: 's', status: 'skipped', attempt: 1, reason: condition },
        { job: 'a', step: 't', status: 'failed', attempt: 1, error },
        { job: 'b', status: 'cancelled', attempt: 1, reason },
      ],
    });
  });

  it('shows what was tried more than once, however it ended', () => {
    const state = run([planned('a'), planned('b')], [job('a', { status: 'success', attempt: 2, ...ended }), job('b', { status: 'running', startedAt: 1, steps: [step('s', { status: 'success', attempt: 3, ...ended }), step('t', { status: 'running', attempt: 2 })] })]);
    expect(explainRun(state, quiet).nodes.map((node) => [node.job, node.step, node.status, node.attempt, node.missing])).toEqual([
      ['a', undefined, 'success', 2, undefined],
      ['b', 's', 'success', 3, undefined],
      ['b', 't', 'running', 2, undefined],
    ]);
  });

  it('names the jobs that a queued one waits for, with their states', () => {
    const state = run(
      [planned('a'), planned('b'), planned('c', { needs: ['a', 'b'] }), planned('d', { needs: ['c'] })],
      [job('a', { status: 'success', ...ended }), job('b', { status: 'running', startedAt: 1 }), job('c'), job('d')],
    );
    expect(missing(state)).toEqual({
      c: { kind: 'jobs', message: 'it needs b (running) to end', jobs: ['b'] },
      d: { kind: 'jobs', message: 'it needs c (queued) to end', jobs: ['c'] },
    });
  });

  it('cuts a long list of jobs in the sentence and not in the data', () => {
    const keys = Array.from({ length: 13 }, (_, n) => `n${n}`);
    const state = run([...keys.map((key) => planned(key)), planned('z', { needs: keys })], [...keys.map((key) => job(key, { status: 'running', startedAt: 1 })), job('z')]);
    const found = missing(state)['z'] as { message: string; jobs: string[] };
    expect(found.message).toMatch(/^it needs n0 \(running\), .*n9 \(running\) and 3 more to end$/);
    expect(found.jobs).toEqual(keys);
  });

  it('says who holds the group a job or the whole run waits for, and how many are before it', () => {
    const state = run([planned('a'), planned('b', { needs: ['a'] })], [job('a'), job('b')], { status: 'queued' });
    const ahead = [{ runId: otherRun, job: 'deploy' }, { runId: runId, job: 'x' }, { runId: otherRun, job: null }];
    expect(missing(state, { claims: [{ job: 'a', group: 'live', ahead, aheadCount: 3 }], tickets: [{ job: 'a', ...due }] })['a']).toEqual({
      kind: 'lock',
      message: `the group "live" is held by the job deploy of the run ${otherRun}, and 2 more are in line before it`,
      group: 'live',
      heldBy: { runId: otherRun, job: 'deploy' },
      ahead: 3,
    });
    const whole = missing(state, { claims: [{ job: null, group: 'live', ahead: [{ runId: otherRun, job: null }], aheadCount: 1 }] });
    expect(whole['a']).toMatchObject({ kind: 'lock', message: `the group "live" is held by the run ${otherRun}`, heldBy: { job: null } });
    expect(whole['b']).toMatchObject({ kind: 'jobs' });
    const own = missing(state, { claims: [{ job: 'a', group: 'live', ahead: [{ runId, job: 'b' }], aheadCount: 2 }] });
    expect(own['a']).toMatchObject({ message: 'the group "live" is held by the job b of this run, and 1 more is in line before it' });
  });

  it('does not take a place that has come first for an obstacle', () => {
    const state = run([planned('a')], [job('a')]);
    expect(missing(state, { claims: [{ job: 'a', group: 'live', ahead: [], aheadCount: 0 }], tickets: [{ job: 'a', ...due }] })['a']).toMatchObject({ kind: 'worker' });
  });

  it('says when a job or a step is tried again', () => {
    const reason = { rule: 'retry' as const, message: 'try 2 follows EXIT_CODE', dueAt: LATER };
    const time = { kind: 'time', message: `it goes on at ${LATER_ISO}`, dueAt: LATER_ISO };
    const state = run([planned('a'), planned('b')], [
      job('a', { status: 'waiting', attempt: 2, startedAt: 1, dueAt: LATER, reason }),
      job('b', { status: 'waiting', startedAt: 1, dueAt: LATER, steps: [step('s', { status: 'waiting', attempt: 2, dueAt: LATER, reason })] }),
    ]);
    expect(missing(state)).toEqual({ a: time, b: time, 'b/s': time });
    expect(explainRun(state, quiet).nodes[0]?.reason).toEqual({ rule: 'retry', message: reason.message, dueAt: LATER_ISO });
  });

  it.each<[string, StepWait, unknown]>([
    ['a timer', { kind: 'timer', dueAt: LATER }, { kind: 'time', message: `it goes on at ${LATER_ISO}`, dueAt: LATER_ISO }],
    ['an approval', { kind: 'approval', title: 'Ship?', subject: 'x', approvers: ['ada', 'bob'], expiresAt: LATER }, { kind: 'approval', message: 'ada or bob has to approve or reject "Ship?"', approvers: ['ada', 'bob'], expiresAt: LATER_ISO }],
    ['an approval by anybody', { kind: 'approval', title: 'Ship?', subject: 'x' }, { kind: 'approval', message: 'somebody has to approve or reject "Ship?"', approvers: null, expiresAt: null }],
    ['a signal', { kind: 'signal', name: 'paid', expiresAt: LATER }, { kind: 'signal', message: 'the signal "paid" has to come', name: 'paid', expiresAt: LATER_ISO }],
    ['a callback', { kind: 'callback' }, { kind: 'signal', message: 'somebody has to call it back', name: null, expiresAt: null }],
    ['a called run', { kind: 'child', runId: otherRun }, { kind: 'child', message: `the run ${otherRun}, which it called, has not ended`, runId: otherRun }],
  ])('names %s, at the step and at its job', (_, wait, expected) => {
    expect(missing(waitingFor(wait))).toEqual({ a: expected, 'a/s': expected });
  });

  it('asks for a worker once a wait is answered, over, or of no use any more', () => {
    const wait = { kind: 'signal', name: 'paid', expiresAt: LATER } as const;
    const worker = { kind: 'worker', message: 'all workers are busy' };
    const around = { tickets: [{ job: 'a', ...due }] };
    const answered = step('s', { wait, answer: { kind: 'signal', payload: null, by: 'ada' } });
    expect(missing(run([planned('a', { needs: ['b'] })], [job('a', { startedAt: 1, turn: 1, steps: [answered] })]), around)).toEqual({ a: worker });
    expect(missing(waitingFor(wait), { ...around, now: LATER })['a']).toEqual(worker);
    expect(missing(waitingFor(wait, { unwanted: true }), around)['a']).toEqual(worker);
  });

  it('tells apart that nobody serves the run, that all are busy, and that somebody has it already', () => {
    const state = run([planned('a')], [job('a')]);
    expect(missing(state, { served: false, tickets: [{ job: 'a', ...due }] })['a']).toEqual({ kind: 'worker', message: 'no worker serves this run' });
    expect(missing(state, { tickets: [{ job: 'a', ...due }] })['a']).toEqual({ kind: 'worker', message: 'all workers are busy' });
    expect(missing(state)['a']).toEqual({ kind: 'worker', message: 'it is not in the queue yet' });
    expect(missing(state, { tickets: [{ job: 'a', held: true, notBefore: 0 }] })['a']).toBeUndefined();
    expect(missing(state, { tickets: [{ job: 'a', held: false, notBefore: LATER }] })['a']).toMatchObject({ kind: 'time' });
  });

  it('explains each combination of a matrix, after its job', () => {
    const states = [job('m.1', { status: 'success', ...ended }), job('m.2', { status: 'running', startedAt: 1 }), job('m.3'), job('m.4')].map((one, index) => ({ ...one, combination: { of: 'm', index, matrix: { n: index } } }));
    const state = run([planned('m', { strategy: { matrix: {}, failFast: false, maxParallel: 2 } })], [job('m', { matrix: { total: 4, begun: 2, ended: 1 } }), ...states]);
    expect(missing(state, { tickets: [{ job: toCombinationKey('m', 3), ...due }] })).toEqual({
      m: { kind: 'jobs', message: '3 of its 4 combinations have not ended', jobs: ['m.2', 'm.3', 'm.4'] },
      'm.3': { kind: 'worker', message: 'all workers are busy' },
      'm.4': { kind: 'slot', message: '"max-parallel" lets 2 combinations run at once' },
    });
  });

  it('says of a skip that was kept that it was', () => {
    const kept = { run: otherRun, why: 'its inputs are the same' };
    const state = run([planned('a')], [job('a', { status: 'running', startedAt: 1, steps: [step('s', { status: 'skipped', finishedAt: 2, kept })] })]);
    expect(explainRun(state, quiet).nodes).toEqual([{ job: 'a', step: 's', status: 'skipped', attempt: 1, reason: { rule: 'kept', message: 'its inputs are the same' } }]);
  });

  it('explains ten thousand combinations', () => {
    const states = Array.from({ length: 10_000 }, (_, index) => job(toCombinationKey('m', index + 1), { combination: { of: 'm', index, matrix: { n: index } } }));
    const state = run([planned('m', { strategy: { matrix: {}, failFast: false, maxParallel: 10 } })], [job('m', { matrix: { total: 10_000, begun: 0, ended: 0 } }), ...states]);
    const { nodes } = explainRun(state, quiet);
    expect(nodes.filter((node) => node.missing?.kind === 'slot')).toHaveLength(9_990);
  });
});

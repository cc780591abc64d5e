import { LIMITS } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { afterEach, describe, expect, it } from 'vitest';

import { answerChild } from './answer-child.js';
import { callWorkflow } from './call-workflow.js';
import { cancelRun } from './cancel-run.js';
import { failure, type Harness, openHarness, replacing, success, untilAborted } from './harness.fixture.js';
import { manualClock } from './manual-clock.fixture.js';
import { endInTime, oneJob, settle, waiting } from './one-job.fixture.js';
import { readRun, readRunState } from './read-run.js';
import { RunStates } from './run-states.js';
import { stepIn } from './watch-run.fixture.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

const CHILD = `id: child
inputs: { n: { type: number, required: true } }
outputs: { twice: "\${{ jobs.k.outputs.twice }}" }
jobs: { k: { steps: [ { id: s, uses: t/do:it, with: { n: "\${{ inputs.n }}" } } ], outputs: { twice: "\${{ steps.s.outputs.twice }}" } } }
`;

async function caller(rest: string, { input = '{ n: 4 }', child = CHILD, ...files }: { input?: string; child?: string; [file: string]: string } = {}) {
  const clock = manualClock();
  const steps = `{ id: call, uses: "workflow://child", with: ${input}${rest} }\n{ id: after, uses: t/do:after, with: { got: "\${{ toJSON(steps.call.outputs) }}" } }`;
  const harness = await openHarness({ clock, workflows: { ...oneJob(steps), 'child.yml': child, ...files } });
  open.push(harness);
  harness.handlers.set('do:it', (call) => success({ twice: Number(call.input['n']) * 2 }));
  return { clock, harness };
}

/** The runs that were called, in the order they were made. */
async function children(harness: Harness): Promise<string[]> {
  const runs = await harness.deps.catalog.listRuns({ limit: 100 });
  return runs.filter((run) => run.trigger.type === 'call').map((run) => run.id).toSorted();
}

describe('a step that calls a workflow', () => {
  it('waits for the run without holding anything, and has its outputs', async () => {
    const { harness } = await caller('');
    const block = untilAborted();
    harness.handlers.set('do:it', block.handler);
    const worker = await harness.worker();
    const runId = await harness.start('w');
    const step = await waiting(harness, runId, 'call');
    const call = await block.begun;
    expect([step.waitsFor, step.childRunId]).toEqual([{ kind: 'child', runId: call.runId, expiresAt: null }, call.runId]);
    expect(worker.held).toBe(1);
    expect(await readRun(harness.deps, call.runId)).toMatchObject({ parent: { id: runId, workflowId: 'w', job: 'j', step: 'call' }, trigger: { type: 'call', actor: 'ada' } });
    harness.handlers.set('do:it', () => success());
    await cancelRun(harness.deps, { runId: call.runId, by: 'eve' });
    expect(stepIn(await harness.end(runId), 'j', 'call')).toMatchObject({ status: 'failed', error: { code: 'CHILD_FAILED' } });
  });

  it('passes outputs on, and takes a run that was skipped for one that went well', async () => {
    const { harness } = await caller('');
    await harness.worker();
    const view = await harness.end(await harness.start('w'));
    expect([view.status, harness.calls.at(-1)?.input]).toMatchObject(['success', { got: expect.stringMatching(/"twice":\s*8/) as string }]);
    const skipped = await caller('', { input: '{}', child: 'id: child\noutputs: { twice: "-" }\njobs: { k: { if: "${{ false }}", steps: [ { id: s, uses: t/do:it } ] } }' });
    await skipped.harness.worker();
    expect((await skipped.harness.end(await skipped.harness.start('w'))).status).toBe('success');
  });

  it('fails with the failure of the run, or goes on in spite of it', async () => {
    const { harness } = await caller('');
    harness.handlers.set('do:it', () => failure('NO_SPACE'));
    await harness.worker();
    const view = await harness.end(await harness.start('w'));
    expect(view).toMatchObject({ status: 'failed', error: { code: 'CHILD_FAILED', message: expect.stringContaining('NO_SPACE') as string } });
    const lenient = await caller(', continue-on-error: true');
    lenient.harness.handlers.set('do:it', () => failure('NO_SPACE'));
    await lenient.harness.worker();
    const gone = await lenient.harness.end(await lenient.harness.start('w'));
    expect([gone.status, stepIn(gone, 'j', 'call').status, stepIn(gone, 'j', 'after').status]).toEqual(['success', 'failed', 'success']);
  });

  it('starts another run when it is tried again', async () => {
    const { clock, harness } = await caller(', retry: { max: 1, initial: 1s }');
    let tries = 0;
    harness.handlers.set('do:it', () => ((tries += 1) === 1 ? failure() : success({ twice: 1 })));
    await harness.worker();
    const view = await endInTime(harness, clock, await harness.start('w'));
    const runs = await children(harness);
    expect([view.status, stepIn(view, 'j', 'call')]).toMatchObject(['success', { attempt: 2, childRunId: runs[1] }]);
    expect(await Promise.all(runs.map(async (run) => (await readRun(harness.deps, run)).status))).toEqual(['failed', 'success']);
  });

  it('refuses inputs that the called workflow does not take, as values', async () => {
    const other = await openHarness({ workflows: { ...oneJob('{ id: call, uses: "workflow://child", with: { n: "${{ fromJSON(inputs.text) }}" } }', 'inputs: { text: { type: string, default: "[1]" } }'), 'child.yml': CHILD } });
    open.push(other);
    await other.worker();
    expect(await other.end(await other.start('w'))).toMatchObject({ status: 'failed', error: { code: 'INPUT_INVALID' } });
    expect(await children(other)).toEqual([]);
  });

  it('that finds the state away for a moment is made again, and its run is called once', async () => {
    let away = true;
    const clock = manualClock();
    const harness = await openHarness({
      clock,
      workflows: { ...oneJob('{ id: call, uses: "workflow://child", with: { n: 4 } }'), 'child.yml': CHILD },
      wrap: (deps) => ({
        ...deps,
        log: replacing(deps.log, {
          create: (command) => {
            if (!command.events.some((event) => event.type === 'run.started' && event.trigger.parent !== undefined) || !away) return deps.log.create(command);
            away = false;
            return Promise.reject(new AppError('STATE_UNAVAILABLE', { problem: 'away' }));
          },
        }),
      }),
    });
    open.push(harness);
    await harness.worker();
    const runId = await harness.start('w');
    expect((await endInTime(harness, clock, runId)).status).toBe('success');
    expect([away, (await children(harness)).length]).toEqual([false, 1]);
  });

  it('calls what was checked: a workflow that has changed since is refused', async () => {
    const { harness } = await caller('');
    const runId = await harness.start('w');
    const changed = await harness.another({ ...oneJob('{ id: call, uses: "workflow://child", with: { n: 4 } }'), 'child.yml': CHILD.replace('id: s', 'id: s, name: "Other"') });
    open.push(changed);
    await changed.worker();
    const refused = await changed.end(runId);
    expect(refused).toMatchObject({ status: 'failed', error: { code: 'CHILD_CHANGED' } });
    expect(refused.jobs.flatMap((job) => job.steps.map((step) => step.childRunId)), 'there is no run to look at').toEqual([undefined, undefined]);
    expect(await children(changed)).toEqual([]);
  });

  it('that does not wait gets the id of the run, which goes by itself', async () => {
    const { harness } = await caller(', wait: false');
    const started: string[] = [];
    await harness.worker({ onRunStarted: (id) => started.push(id) });
    const runId = await harness.start('w');
    expect((await harness.end(runId)).status).toBe('success');
    const [child = ''] = await children(harness);
    expect([started, harness.calls.find((call) => call.step === 'after')?.input]).toMatchObject([[child], { got: expect.stringContaining(child) as string }]);
    expect((await harness.deps.catalog.getRun(child as never))?.root).toBe(child);
    await cancelRun(harness.deps, { runId, by: 'eve' }).catch(() => undefined);
    expect((await harness.end(child as never)).status).toBe('success');
  });

  it('cancels the run when the time of the step is up, and fails', async () => {
    const { clock, harness } = await caller(', timeout: 1m');
    const block = untilAborted();
    harness.handlers.set('do:it', block.handler);
    await harness.worker();
    const runId = await harness.start('w');
    const call = await block.begun;
    await waiting(harness, runId, 'call');
    const view = await endInTime(harness, clock, runId);
    expect([view.error?.code, view.durationMs]).toEqual(['STEP_TIMEOUT', 60_000]);
    expect((await harness.end(call.runId)).status).toBe('cancelled');
  });

  it('says how long one try could take, in every try', async () => {
    const { clock, harness } = await caller(', timeout: 1m, retry: { max: 1, backoff: constant, initial: 10s, jitter: false }');
    harness.handlers.set('do:it', untilAborted().handler);
    await harness.worker();
    const runId = await harness.start('w');
    await waiting(harness, runId, 'call');
    const view = await endInTime(harness, clock, runId);
    expect([view.durationMs, view.error?.message]).toEqual([130_000, 'the step ran longer than 1m 00s']);
  });

  it.each<[string, { later: number; cancel: boolean; ended: number }, unknown]>([
    ['its own cancellation', { later: 0, cancel: true, ended: 0 }, ['cancelled', undefined]],
    ['the end of its time', { later: 60_000, cancel: false, ended: 60_000 }, ['failed', 'STEP_TIMEOUT']],
    ['the end of the run, when that came in time', { later: 60_000, cancel: false, ended: 59_999 }, ['failed', 'CHILD_FAILED']],
  ])('goes by %s, and not by what that made of the run', async (_, { later, cancel, ended }, expected) => {
    const patient = 'id: child\ninputs: { n: { type: number } }\njobs: { k: { steps: [ { id: s, uses: "builtin:wait", with: { signal: go } } ] } }';
    const { clock, harness } = await caller(', timeout: 1m', { child: patient });
    const worker = await harness.worker();
    const runId = await harness.start('w');
    await waiting(harness, runId, 'call');
    await worker.stop();
    const began = clock.now();
    clock.advance(later);
    if (cancel) await cancelRun(harness.deps, { runId, by: 'eve' });
    const [child = ''] = await children(harness);
    // As whoever looks after the end of the called run does, before anybody has taken the caller up again.
    await answerChild(new RunStates(harness.deps), { ...(await readRunState(harness.deps, child)), status: 'cancelled', finishedAt: began + ended });
    await harness.worker();
    const step = stepIn(await harness.end(runId), 'j', 'call');
    expect([step.status, step.error?.code]).toEqual(expected);
  });

  it('is what a called run can do as well, and a cancellation goes all the way down', async () => {
    const middle = 'id: child\ninputs: { n: { type: number } }\njobs: { k: { steps: [ { id: deeper, uses: "workflow://leaf" } ] } }';
    const leaf = 'id: leaf\njobs: { k: { steps: [ { id: s, uses: t/do:it } ] } }';
    const { harness } = await caller('', { child: middle, 'leaf.yml': leaf });
    const block = untilAborted();
    harness.handlers.set('do:it', block.handler);
    await harness.worker();
    const runId = await harness.start('w');
    const call = await block.begun;
    expect((await readRun(harness.deps, call.runId)).trigger.parent?.depth).toBe(2);
    expect((await harness.deps.catalog.getRun(call.runId))?.root).toBe(runId);
    await cancelRun(harness.deps, { runId, by: 'eve' });
    expect((await harness.end(runId)).status).toBe('cancelled');
    for (const child of await children(harness)) expect((await harness.end(child as never)).status).toBe('cancelled');
    expect(call.signal.aborted).toBe(true);
  });

  it('is refused when the calls are too deep, or too many', async () => {
    const { harness } = await caller('');
    const runId = await harness.start('w');
    const state = await readRunState(harness.deps, runId);
    const states = new RunStates(harness.deps);
    const uses = { kind: 'workflow', id: 'child' } as const;
    const call = { job: 'j', step: 'call', uses, input: { n: 1 }, waits: true };
    const at = (over: object) => callWorkflow(harness.deps, states, { ...call, runId: harness.deps.ids.runId(), caller: { ...state, ...over } });
    const deep = (depth: number) => ({ trigger: { ...state.trigger, parent: { runId, workflowId: 'w', depth } } });
    await at(deep(LIMITS.childDepth - 1));
    await expect(at(deep(LIMITS.childDepth))).rejects.toMatchObject({ code: 'CHILD_LIMIT' });
    await at({ children: LIMITS.children });
    await expect(at({ children: LIMITS.children + 1 })).rejects.toMatchObject({ code: 'CHILD_LIMIT' });
    expect(await children(harness)).toHaveLength(2);
  });

  it('counts the runs of one run exactly', async () => {
    const calls = Array.from({ length: 5 }, (_, n) => `{ id: c${n}, uses: "workflow://child", with: { n: ${n} }, wait: false }`).join('\n');
    const harness = await openHarness({ workflows: { ...oneJob(calls), 'child.yml': CHILD } });
    open.push(harness);
    await harness.worker();
    const runId = await harness.start('w');
    expect((await harness.end(runId)).status).toBe('success');
    expect((await readRunState(harness.deps, runId)).children).toBe(5);
    await settle();
  });
});

import { LIMITS } from '@kb-labs/contracts';
import { afterEach, describe, expect, it } from 'vitest';

import { cancelRun } from './cancel-run.js';
import type { EngineDeps } from './deps.js';
import { failure, type Harness, openHarness, replacing, success, untilAborted } from './harness.fixture.js';
import { type ManualClock, manualClock } from './manual-clock.fixture.js';
import { endInTime, oneJob, settle, waiting } from './one-job.fixture.js';
import { readRun } from './read-run.js';
import { jobIn, stepIn } from './watch-run.fixture.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

async function engine(workflows: Record<string, string>): Promise<{ harness: Harness; clock: ManualClock }> {
  const clock = manualClock();
  const harness = await openHarness({ clock, workflows });
  open.push(harness);
  return { harness, clock };
}

describe('the time of a run', () => {
  it('counts from its first job on, waits included, and ends it as failed', async () => {
    const { harness, clock } = await engine(oneJob('{ id: one, uses: "builtin:sleep", with: { for: 40s } }\n{ id: two, uses: "builtin:wait", with: { signal: never } }\n{ id: tidy, uses: t/do:tidy, if: "${{ always() }}" }', 'timeout: 1m'));
    const runId = await harness.start('w');
    clock.advance(500_000);
    await harness.worker();
    const view = await endInTime(harness, clock, runId);
    expect(view).toMatchObject({ status: 'failed', error: { code: 'RUN_TIMEOUT' }, durationMs: 60_000 });
    expect(jobIn(view, 'j').steps.map((step) => step.status)).toEqual(['success', 'cancelled', 'success']);
  });

  it('stops the step that runs, also when every place of the worker is taken', async () => {
    const { harness, clock } = await engine(oneJob('{ id: s, uses: t/do:it }\n{ id: after, uses: t/do:after }', 'timeout: 1m'));
    const block = untilAborted();
    harness.handlers.set('do:it', block.handler);
    await harness.worker({ concurrency: 1 });
    const runId = await harness.start('w');
    const call = await block.begun;
    clock.advance(59_000);
    await settle();
    expect(call.signal.aborted).toBe(false);
    const view = await endInTime(harness, clock, runId);
    expect(view).toMatchObject({ status: 'failed', error: { code: 'RUN_TIMEOUT' }, durationMs: 60_000 });
    expect(stepIn(view, 'j', 'after')).toMatchObject({ status: 'cancelled', reason: { rule: 'timeout' } });
    expect(await harness.deps.queue.ticketsOf(runId)).toEqual([]);
  });

  it('is not looked at again once the run has ended before', async () => {
    const { harness, clock } = await engine(oneJob('{ id: s, uses: t/do:it }', 'timeout: 1m'));
    await harness.worker();
    const runId = await harness.start('w');
    expect((await harness.end(runId)).status).toBe('success');
    clock.advance(120_000);
    await settle();
    expect(await harness.deps.queue.ticketsOf(runId)).toEqual([]);
    expect((await readRun(harness.deps, runId)).status).toBe('success');
  });

  it('runs out for a run that nobody serves as soon as somebody does', async () => {
    const { harness, clock } = await engine(oneJob('{ id: s, uses: "builtin:wait", with: { signal: never } }', 'timeout: 1m'));
    const worker = await harness.worker();
    const runId = await harness.start('w');
    await waiting(harness, runId, 's');
    await worker.stop();
    clock.advance(3_600_000);
    const other = await harness.another();
    open.push(other);
    await other.worker();
    expect(await other.end(runId)).toMatchObject({ status: 'failed', error: { code: 'RUN_TIMEOUT' } });
  });
});

describe('the time of a job', () => {
  const hooks = (steps: string, then: string): Record<string, string> => ({ 'w.yml': `id: w\njobs:\n  j:\n    timeout: 1m\n    hooks: ${then}\n    steps: [${steps}]\n` });

  it('runs out before a step begins: the job has failed, though no step has', async () => {
    const { harness, clock } = await engine(hooks('{ id: s, uses: t/do:it }, { id: after, uses: t/do:after }', '{ on-success: [{ id: good, uses: t/do:good }], on-failure: [{ id: bad, uses: t/do:bad }] }'));
    harness.handlers.set('do:it', () => {
      clock.advance(60_000);
      return success();
    });
    await harness.worker();
    const view = await harness.end(await harness.start('w'));
    expect(view).toMatchObject({ status: 'failed', error: { code: 'JOB_TIMEOUT' } });
    expect(jobIn(view, 'j').steps.map((step) => [step.id, step.status])).toEqual([['s', 'success'], ['after', 'skipped'], ['good', 'skipped'], ['bad', 'success']]);
  });

  it('leaves its hooks some time of their own, and not more', async () => {
    const { harness, clock } = await engine(hooks('{ id: s, uses: t/do:it }', '{ on-failure: [{ id: bad, uses: t/do:it }], post: [{ id: last, uses: t/do:it }, { id: never, uses: t/do:it }] }'));
    harness.handlers.set('do:it', untilAborted().handler);
    await harness.worker();
    const view = await endInTime(harness, clock, await harness.start('w'));
    expect(view.durationMs).toBe(60_000 + LIMITS.hookGraceMs);
    expect(harness.calls.map((call) => call.step)).toEqual(['s', 'bad']);
    expect(jobIn(view, 'j').steps.map((step) => [step.id, step.status, step.error?.code ?? step.reason?.rule])).toEqual([
      ['s', 'failed', 'JOB_TIMEOUT'],
      ['bad', 'failed', 'JOB_TIMEOUT'],
      ['last', 'skipped', 'timeout'],
      ['never', 'skipped', 'timeout'],
    ]);
  });

  it('does not count what the job waits for', async () => {
    const { harness, clock } = await engine({ 'w.yml': 'id: w\njobs: { j: { timeout: 1m, steps: [{ id: s, uses: "builtin:sleep", with: { for: 1h } }, { id: after, uses: t/do:it }] } }' });
    await harness.worker();
    expect(await endInTime(harness, clock, await harness.start('w'))).toMatchObject({ status: 'success', durationMs: 3_600_000 });
  });
});

describe('a step that is about to begin', () => {
  const steps = '{ id: first, uses: t/do:first }\n{ id: second, uses: t/do:it }';
  /** Does something once the start of the second step is in the journal, before its handler is called. */
  const meanwhile = (act: (deps: EngineDeps, runId: string) => Promise<unknown> | void) => (deps: EngineDeps): EngineDeps => ({
    ...deps,
    log: replacing(deps.log, {
      append: async (command) => {
        const result = await deps.log.append(command);
        if (command.events.some((event) => event.type === 'step.started' && event.step === 'second')) {
          await act(deps, command.runId);
          await settle();
        }
        return result;
      },
    }),
  });

  it.each<[string, string, (deps: EngineDeps, runId: string, clock: ManualClock) => Promise<unknown> | void]>([
    ['cancelled', 'its run is cancelled', (deps, runId) => cancelRun(deps, { runId, by: 'eve' })],
    ['failed', 'the time of its job runs out', (_, __, clock) => clock.advance(60_000)],
  ])('is stopped (%s) when %s at that moment', async (status, _, act) => {
    const clock = manualClock();
    const workflow = { 'w.yml': oneJob(steps)['w.yml'].replace('  j:\n', '  j:\n    timeout: 1m\n') };
    const harness = await openHarness({ clock, workflows: workflow, wrap: meanwhile((deps, runId) => act(deps, runId, clock)) });
    open.push(harness);
    harness.handlers.set('do:it', (call) => {
      if (call.signal.aborted) return { status: 'aborted', outputs: {} };
      return success({ untouched: true });
    });
    await harness.worker();
    const view = await harness.end(await harness.start('w'));
    expect([view.status, stepIn(view, 'j', 'second').status, stepIn(view, 'j', 'second').outputs]).toEqual([status, status, {}]);
  });
});

describe('a run that is cancelled while it waits', () => {
  const WAITS = [
    '{ id: wait, uses: "builtin:sleep", with: { for: 10h } }',
    '{ id: wait, uses: "builtin:approval", with: { title: "Go?" } }',
    '{ id: wait, uses: "builtin:wait", with: { signal: go } }',
    '{ id: wait, uses: "builtin:wait", with: { callback: true } }',
    '{ id: wait, uses: "workflow://child" }',
  ];
  const child = { 'child.yml': 'id: child\njobs: { k: { steps: [{ uses: "builtin:wait", with: { signal: go } }] } }' };

  it.each(WAITS)('ends at once: %s', async (step) => {
    const { harness, clock } = await engine({ ...oneJob(`${step}\n{ id: after, uses: t/do:it }`), ...child });
    await harness.worker();
    const runId = await harness.start('w');
    await waiting(harness, runId, 'wait');
    const before = clock.now();
    await cancelRun(harness.deps, { runId, by: 'eve' });
    const view = await harness.end(runId);
    expect([view.status, stepIn(view, 'j', 'wait').status, stepIn(view, 'j', 'after').status, clock.now()]).toEqual(['cancelled', 'cancelled', 'cancelled', before]);
    expect(await harness.deps.catalog.listWaits({ runId, limit: 9 })).toEqual([]);
    for (const run of await harness.deps.catalog.listRuns({ limit: 9 })) expect((await harness.end(run.id as typeof runId)).status).toBe('cancelled');
    expect(harness.calls).toEqual([]);
  });

  it.each(WAITS)('ends at once also when that comes at the moment it begins to wait: %s', async (step) => {
    const clock = manualClock();
    let asked = false;
    const harness = await openHarness({
      clock,
      workflows: { ...oneJob(`{ id: first, uses: t/do:it }\n${step}`), ...child },
      wrap: (deps) => ({
        ...deps,
        log: replacing(deps.log, {
          append: async (command) => {
            const { runId } = command;
            if (!asked && command.events.some((event) => event.type === 'step.waiting' && event.step === 'wait')) {
              asked = true;
              await cancelRun(deps, { runId, by: 'eve' });
            }
            return deps.log.append(command);
          },
        }),
      }),
    });
    open.push(harness);
    await harness.worker();
    const runId = await harness.start('w');
    const view = await harness.end(runId);
    expect([asked, view.status, stepIn(view, 'j', 'wait').status]).toEqual([true, 'cancelled', 'cancelled']);
    expect(stepIn(view, 'j', 'wait').reason).toMatchObject({ rule: 'cancelled', message: 'the run was cancelled by eve' });
    for (const run of await harness.deps.catalog.listRuns({ limit: 9 })) expect((await harness.end(run.id as typeof runId)).status).toBe('cancelled');
    expect(await harness.deps.catalog.listWaits({ limit: 9 })).toEqual([]);
  });

  it('lets what cleans up sleep as long as it asks for, and try again after as long as it asks for', async () => {
    const { harness, clock } = await engine({
      'w.yml': `id: w
jobs:
  j: { steps: [{ id: wait, uses: "builtin:wait", with: { signal: never } }, { id: tidy, if: "\${{ always() }}", uses: "builtin:sleep", with: { for: 20s } }] }
  later: { needs: j, if: "\${{ always() }}", steps: [{ id: nap, uses: "builtin:sleep", with: { for: 30s } }, { id: tidy, uses: t/do:it, retry: { max: 1, initial: 40s, backoff: constant, jitter: false } }] }
`,
    });
    const answers = [failure(), success()];
    harness.handlers.set('do:it', () => answers.shift() ?? success());
    await harness.worker();
    const runId = await harness.start('w');
    await waiting(harness, runId, 'wait');
    await cancelRun(harness.deps, { runId, by: 'eve' });
    const view = await endInTime(harness, clock, runId);
    expect([view.status, view.durationMs]).toEqual(['cancelled', 90_000]);
    expect([stepIn(view, 'j', 'tidy').status, stepIn(view, 'later', 'nap').status, stepIn(view, 'later', 'tidy').status]).toEqual(['success', 'success', 'success']);
  });

  it.each(WAITS.slice(0, 3))('lets what cleans up wait, in the job and in others, until it is cancelled again: %s', async (step) => {
    const cleanUp = step.replace('{ id: wait', '{ id: tidy, if: "${{ always() }}"');
    const text = `${oneJob(`{ id: wait, uses: "builtin:wait", with: { signal: never } }\n${cleanUp}`)['w.yml']}  later: { needs: j, if: "\${{ always() }}", steps: [${step}] }\n`;
    const other = await openHarness({ workflows: { 'w.yml': text } });
    open.push(other);
    await other.worker();
    const runId = await other.start('w');
    await waiting(other, runId, 'wait');
    await cancelRun(other.deps, { runId, by: 'eve' });
    await waiting(other, runId, 'tidy');
    await settle();
    expect(stepIn(await readRun(other.deps, runId), 'j', 'tidy').waitsFor).toBeDefined();
    await cancelRun(other.deps, { runId, by: 'eve' });
    for (;;) {
      const view = await readRun(other.deps, runId);
      if (stepIn(view, 'later', 'wait').waitsFor !== undefined) break;
      await settle();
    }
    await cancelRun(other.deps, { runId, by: 'eve' });
    const view = await other.end(runId);
    expect([view.status, stepIn(view, 'j', 'tidy').status, stepIn(view, 'later', 'wait').status]).toEqual(['cancelled', 'cancelled', 'cancelled']);
  });
});

import type { RunId } from '@kb-labs/contracts';
import type { StepOutcome } from '@kb-labs/ports';
import { afterEach, describe, expect, it } from 'vitest';

import { cancelRun } from './cancel-run.js';
import { failure, type Harness, type HarnessOptions, openHarness, success } from './harness.fixture.js';
import { manualClock } from './manual-clock.fixture.js';
import { readRun } from './read-run.js';
import { reconcile } from './reconcile.js';
import { jobIn, statuses, stepIn, turns, viewOnce } from './watch-run.fixture.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

async function harnessOf(jobs: string, options: Partial<HarnessOptions> = {}): Promise<Harness> {
  const harness = await openHarness({ workflows: { 'w.yml': `id: w\n${jobs}` }, ...options });
  open.push(harness);
  return harness;
}

/** Steps that run until the test ends them, or they are aborted. */
function held(harness: Harness, command = 'do:it'): { end: (job: string, outcome?: StepOutcome) => void; running: Map<string, unknown>; aborted: string[] } {
  const running = new Map<string, (outcome: StepOutcome) => void>();
  const aborted: string[] = [];
  harness.handlers.set(command, (call) =>
    new Promise((resolve) => {
      running.set(call.job, resolve);
      call.signal.addEventListener('abort', () => {
        running.delete(call.job);
        aborted.push(call.job);
        resolve({ status: 'aborted', outputs: {} });
      });
    }),
  );
  const end = (job: string, outcome: StepOutcome = success()): void => {
    const resolve = running.get(job);
    running.delete(job);
    resolve?.(outcome);
  };
  return { end, running, aborted };
}

describe('fail-fast', () => {
  it('stops what runs, what waits and what has not begun, and says which combination failed', async () => {
    const harness = await harnessOf(
      `jobs:
  test:
    strategy: { max-parallel: 3, matrix: { n: [1, 2, 3, 4, 5] } }
    steps:
      - { id: nap, uses: "builtin:sleep", if: "\${{ matrix.n == 3 }}", with: { for: 1h } }
      - { id: s, uses: t/do:it }
      - { id: clean, uses: t/do:clean, if: "\${{ always() && matrix.n < 3 }}" }`,
    );
    const steps = held(harness);
    await harness.worker();
    const runId = await harness.start('w');
    await viewOnce(harness, runId, (view) => stepIn(view, 'test.3', 'nap').status === 'waiting' && stepIn(view, 'test.1', 's').status === 'running' && stepIn(view, 'test.2', 's').status === 'running');
    steps.end('test.1', failure());
    const view = await harness.end(runId);
    expect(statuses(view)).toEqual({ test: 'failed', 'test.1': 'failed', 'test.2': 'cancelled', 'test.3': 'cancelled', 'test.4': 'cancelled', 'test.5': 'cancelled' });
    expect(steps.aborted).toEqual(['test.2']);
    for (const key of ['test.2', 'test.3', 'test.4', 'test.5']) {
      expect(jobIn(view, key).reason).toMatchObject({ rule: 'fail-fast', message: 'test.1 failed' });
      expect(stepIn(view, key, 's').reason?.rule).toBe('fail-fast');
    }
    expect(stepIn(view, 'test.3', 'nap').status).toBe('cancelled');
    expect(harness.calls.flatMap((call) => (call.step === 'clean' ? [call.job] : [])).toSorted()).toEqual(['test.1', 'test.2']);
    expect(await harness.deps.queue.ticketsOf(runId)).toEqual([]);
  });

  it('ends a combination that waits for its next attempt', async () => {
    const harness = await harnessOf(
      `jobs: { test: { retry: { max: 1, initial: 1h, on: [RATE_LIMIT] }, strategy: { matrix: { n: [1, 2] } }, steps: [{ id: s, uses: t/do:it, with: { n: "\${{ matrix.n }}" } }] } }`,
    );
    const steps = held(harness);
    await harness.worker();
    const runId = await harness.start('w');
    await turns(() => steps.running.size === 2);
    steps.end('test.1', failure('RATE_LIMIT'));
    await viewOnce(harness, runId, (view) => jobIn(view, 'test.1').status === 'waiting');
    steps.end('test.2', failure('STEP_FAILED'));
    const view = await harness.end(runId);
    expect(statuses(view)).toEqual({ test: 'failed', 'test.1': 'cancelled', 'test.2': 'failed' });
  });

  it('is not for a combination that is going to be tried again', async () => {
    let tries = 0;
    const harness = await harnessOf(
      `jobs: { test: { retry: { max: 1, initial: 1ms, jitter: false }, strategy: { matrix: { n: [1, 2, 3] }, max-parallel: 1 }, steps: [{ uses: t/do:it }] } }`,
    );
    harness.handlers.set('do:it', () => (++tries === 1 ? failure() : success()));
    await harness.worker();
    expect((await harness.end(await harness.start('w'))).status).toBe('success');
  });

  it('can be turned off: every combination has its turn', async () => {
    const harness = await harnessOf(
      `jobs: { test: { strategy: { fail-fast: false, max-parallel: 1, matrix: { n: [1, 2, 3] } }, steps: [{ uses: t/do:it, with: { n: "\${{ matrix.n }}" } }] } }`,
    );
    harness.handlers.set('do:it', (call) => (call.input['n'] === 3 ? success() : failure()));
    await harness.worker();
    const view = await harness.end(await harness.start('w'));
    expect(statuses(view)).toEqual({ test: 'failed', 'test.1': 'failed', 'test.2': 'failed', 'test.3': 'success' });
  });
});

describe('a cancelled run', () => {
  it('ends the combinations that run and those that have not begun', async () => {
    const harness = await harnessOf(`jobs: { test: { strategy: { max-parallel: 2, matrix: { n: [1, 2, 3, 4] } }, steps: [{ uses: t/do:it }] } }`);
    const steps = held(harness);
    await harness.worker();
    const runId = await harness.start('w');
    await turns(() => steps.running.size === 2);
    await cancelRun(harness.deps, { runId, by: 'ada' });
    const view = await harness.end(runId);
    expect(view.status).toBe('cancelled');
    expect(new Set(Object.values(statuses(view)))).toEqual(new Set(['cancelled']));
    expect(steps.aborted.toSorted()).toEqual(['test.1', 'test.2']);
    expect(jobIn(view, 'test.4').reason).toMatchObject({ rule: 'cancelled', message: 'the run was cancelled by ada' });
  });

  it('gives the combinations of a job that always runs their turns all the same', async () => {
    const harness = await harnessOf(
      `jobs: { test: { if: "\${{ always() }}", strategy: { max-parallel: 2, matrix: { n: [1, 2, 3, 4, 5] } }, steps: [{ id: s, uses: t/do:it }, { id: clean, if: "\${{ always() }}", uses: t/do:clean }] } }`,
    );
    const steps = held(harness);
    await harness.worker();
    const runId = await harness.start('w');
    await turns(() => steps.running.size === 2);
    await cancelRun(harness.deps, { runId, by: 'ada' });
    for (const key of ['test.3', 'test.4', 'test.5']) {
      await turns(() => steps.running.has(key));
      steps.end(key);
    }
    const view = await harness.end(runId);
    expect(statuses(view)).toEqual({ test: 'cancelled', 'test.1': 'cancelled', 'test.2': 'cancelled', 'test.3': 'success', 'test.4': 'success', 'test.5': 'success' });
    expect(harness.calls.filter((call) => call.step === 'clean')).toHaveLength(5);
  });

  it('hands out the next combinations in turn when several that waited for another attempt end together', async () => {
    const harness = await harnessOf(
      `jobs: { test: { if: "\${{ always() }}", retry: { max: 1, initial: 1h }, strategy: { fail-fast: false, max-parallel: 2, matrix: { n: [1, 2, 3, 4, 5] } }, steps: [{ uses: t/do:it, with: { n: "\${{ matrix.n }}" } }] } }`,
    );
    harness.handlers.set('do:it', (call) => (Number(call.input['n']) < 3 ? failure() : success()));
    await harness.worker();
    const runId = await harness.start('w');
    await viewOnce(harness, runId, (view) => jobIn(view, 'test.1').status === 'waiting' && jobIn(view, 'test.2').status === 'waiting');
    await cancelRun(harness.deps, { runId, by: 'ada' });
    const view = await harness.end(runId);
    expect(statuses(view)).toEqual({ test: 'cancelled', 'test.1': 'cancelled', 'test.2': 'cancelled', 'test.3': 'success', 'test.4': 'success', 'test.5': 'success' });
  });
});

/** Takes every ticket there is away. */
async function loseTickets(harness: Harness): Promise<void> {
  const worker = harness.deps.ids.workerId();
  await harness.deps.queue.join({ id: worker });
  await harness.deps.queue.discard(await harness.deps.queue.take(worker, { limit: 100, leaseMs: 1_000 }));
  await harness.deps.queue.leave(worker);
}

async function ticketJobs(harness: Harness, runId: RunId): Promise<string[]> {
  return (await harness.deps.queue.ticketsOf(runId)).map((ticket) => ticket.job).toSorted();
}

describe('a matrix whose tickets were lost', () => {
  it('has exactly those queued again whose turn it is', async () => {
    const harness = await harnessOf(
      `jobs:
  test: { strategy: { max-parallel: 2, matrix: { n: [1, 2, 3, 4, 5] } }, steps: [{ uses: t/do:it }] }
  all: { strategy: { matrix: { n: [1, 2] } }, steps: [{ uses: t/do:other }] }
  later: { needs: test, strategy: { matrix: { n: [1, 2] } }, steps: [{ uses: t/do:other }] }`,
    );
    const runId = await harness.start('w');
    expect(await ticketJobs(harness, runId)).toEqual(['all.1', 'all.2', 'test.1', 'test.2']);
    await loseTickets(harness);
    expect(await reconcile(harness.deps)).toEqual({ queued: 4 });
    expect(await ticketJobs(harness, runId)).toEqual(['all.1', 'all.2', 'test.1', 'test.2']);
    expect(await reconcile(harness.deps)).toEqual({ queued: 0 });

    const steps = held(harness);
    const worker = await harness.worker();
    await turns(() => steps.running.size === 2);
    steps.end('test.2');
    await turns(() => steps.running.has('test.3'));
    expect(await reconcile(harness.deps)).toEqual({ queued: 0 });
    for (const key of ['test.1', 'test.3', 'test.4', 'test.5']) {
      await turns(() => steps.running.has(key));
      steps.end(key);
    }
    expect((await harness.end(runId)).status).toBe('success');
    await worker.stop();
  });

  it('goes on where it was, with what had ended before', async () => {
    const clock = manualClock();
    const harness = await harnessOf(
      `jobs: { test: { strategy: { max-parallel: 2, matrix: { n: [1, 2, 3, 4] } }, steps: [{ uses: "builtin:sleep", if: "\${{ matrix.n == 1 }}", with: { for: 1h } }, { uses: t/do:it }] } }`,
      { clock },
    );
    const steps = held(harness);
    const worker = await harness.worker();
    const runId = await harness.start('w');
    await turns(() => steps.running.has('test.2'));
    await turns(async () => jobIn(await readRun(harness.deps, runId), 'test.1').status === 'waiting');
    steps.end('test.2');
    await turns(() => steps.running.has('test.3'));
    const stopped = worker.stop();
    steps.end('test.3');
    await stopped;
    expect(await ticketJobs(harness, runId)).toEqual(['test.1', 'test.4']);
    await loseTickets(harness);
    clock.advance(3_600_000);
    await loseTickets(harness);
    expect(await ticketJobs(harness, runId)).toEqual([]);
    expect(await reconcile(harness.deps)).toEqual({ queued: 2 });
    await harness.worker();
    for (const key of ['test.1', 'test.4']) {
      await turns(() => steps.running.has(key));
      steps.end(key);
    }
    await turns(async () => (await readRun(harness.deps, runId)).status === 'success');
  });
});

describe('a combination whose worker died', () => {
  it('is taken over alone', async () => {
    const harness = await harnessOf(`jobs: { test: { strategy: { matrix: { n: [1, 2, 3] } }, steps: [{ uses: t/do:it }] } }`);
    const other = await harness.another();
    open.push(other);
    const steps = held(harness);
    const runId = await harness.start('w');
    await harness.worker({ leaseMs: 60_000 });
    await turns(() => steps.running.size === 3);
    steps.end('test.1');
    steps.end('test.3');
    await viewOnce(harness, runId, (view) => jobIn(view, 'test.3').status === 'success' && jobIn(view, 'test.1').status === 'success');
    const [ticket] = await harness.deps.queue.ticketsOf(runId);
    if (ticket?.lease === undefined) throw new Error('nobody holds it');
    // To the queue the worker is gone; what it writes from here on is refused.
    await harness.deps.queue.leave(ticket.lease.worker);
    other.handlers.set('do:it', () => success());
    await other.worker();
    const view = await other.end(runId);
    expect(view.status).toBe('success');
    expect(other.calls.map((call) => [call.job, call.stepAttempt])).toEqual([['test.2', 2]]);
    steps.end('test.2');
  });
});

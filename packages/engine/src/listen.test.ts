import { AFTER_END, LIMITS, type RunId, type RunSummary } from '@kb-labs/contracts';
import { afterEach, describe, expect, it } from 'vitest';

import { cancelRun } from './cancel-run.js';
import type { EngineDeps } from './deps.js';
import { failure, type Harness, openHarness, replacing, success } from './harness.fixture.js';
import { manualClock } from './manual-clock.fixture.js';
import { readRun } from './read-run.js';
import { turns } from './watch-run.fixture.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

const FIRST = 'id: first\noutputs: { n: "${{ jobs.j.outputs.n }}" }\njobs: { j: { outputs: { n: "${{ steps.s.outputs.n }}" }, steps: [ { id: s, uses: t/do:it } ] } }\n';
const after = (id: string, on: string): string =>
  `id: ${id}\non: { workflow: { ids: [first]${on} } }\njobs: { k: { steps: [ { id: s, uses: t/do:after, with: { all: "\${{ toJSON(trigger) }}" } } ] } }\n`;

async function engine(workflows: Record<string, string>): Promise<Harness> {
  const harness = await openHarness({ workflows });
  open.push(harness);
  return harness;
}

/** The runs that the end of others started, once nothing is left to do. */
async function started(harness: Harness): Promise<readonly RunSummary[]> {
  await turns(async () => (await harness.deps.catalog.openRuns({ limit: 1 })).length === 0 && (await leftOver(harness)) === 0);
  return (await harness.deps.catalog.listRuns({ limit: 100 })).filter((run) => run.trigger.type === 'workflow');
}

async function leftOver(harness: Harness): Promise<number> {
  const runs = await harness.deps.catalog.listRuns({ limit: 100 });
  return (await Promise.all(runs.map((run) => harness.deps.queue.ticketsOf(run.id as RunId)))).flat().length;
}

describe('the end of a workflow', () => {
  it('starts those that wait for it, and tells them how it ended', async () => {
    const harness = await engine({ 'first.yml': FIRST, 'next.yml': after('next', '') });
    harness.handlers.set('do:it', () => success({ n: 3 }));
    const told: string[] = [];
    await harness.worker({ onRunStarted: (runId) => told.push(runId) });
    const runId = await harness.start('first');
    await harness.end(runId);
    const [run] = await started(harness);
    expect(run).toMatchObject({ workflowId: 'next', status: 'success', parent: runId, root: run?.id });
    expect(told).toEqual([run?.id]);
    expect(JSON.parse(String(harness.calls.at(-1)?.input['all']))).toMatchObject({
      type: 'workflow',
      actor: 'ada',
      payload: { runId, workflowId: 'first', status: 'success', outputs: { n: 3 } },
      parent: { runId, workflowId: 'first', depth: 1, status: 'success' },
    });
  });

  it('starts those alone that wait for an end like this', async () => {
    const harness = await engine({
      'first.yml': FIRST,
      'good.yml': after('good', ', on: [success]'),
      'bad.yml': after('bad', ', on: [failed, quarantined]'),
      'stopped.yml': after('stopped', ', on: [cancelled]'),
    });
    harness.handlers.set('do:it', () => failure());
    await harness.worker();
    await harness.end(await harness.start('first'));
    expect((await started(harness)).map((run) => run.workflowId)).toEqual(['bad']);
    const worker = await harness.start('first');
    await cancelRun(harness.deps, { runId: worker, by: 'eve' }).catch(() => undefined);
    await harness.end(worker);
    const { status } = await readRun(harness.deps, worker);
    expect((await started(harness)).map((run) => run.workflowId).toSorted()).toEqual(status === 'cancelled' ? ['bad', 'stopped'] : ['bad', 'bad']);
  });

  it('starts them once, though whoever looks after it dies before it is done with the ticket', async () => {
    const clock = manualClock();
    let kept = 0;
    const forgetful = (deps: EngineDeps): EngineDeps => ({
      ...deps,
      queue: replacing(deps.queue, {
        discard: (leases) => {
          const [lease] = leases;
          if (lease?.job !== AFTER_END || kept > 0) return deps.queue.discard(leases);
          kept += 1;
          return deps.queue.release(leases);
        },
      }),
    });
    const harness = await openHarness({ clock, workflows: { 'first.yml': FIRST, 'next.yml': after('next', '') }, wrap: forgetful });
    open.push(harness);
    await harness.worker();
    await harness.end(await harness.start('first'));
    expect(await started(harness)).toHaveLength(1);
    expect(kept).toBe(1);
  });

  it('ends a row of workflows that start each other', { timeout: 30_000 }, async () => {
    const harness = await engine({ 'ping.yml': 'id: ping\non: { manual: true, workflow: { ids: [pong] } }\njobs: { k: { steps: [ { uses: t/do:it } ] } }', 'pong.yml': 'id: pong\non: { workflow: { ids: [ping] } }\njobs: { k: { steps: [ { uses: t/do:it } ] } }' });
    await harness.worker();
    await harness.end(await harness.start('ping'));
    expect(await started(harness)).toHaveLength(LIMITS.childDepth);
  });

  it('is not held up by one that cannot be started', async () => {
    const harness = await engine({ 'first.yml': FIRST, 'broken.yml': after('broken', '').replace('jobs:', 'inputs: { must: { type: string, required: true } }\njobs:'), 'next.yml': after('next', '') });
    await harness.worker();
    await harness.end(await harness.start('first'));
    expect((await started(harness)).map((run) => run.workflowId)).toEqual(['next']);
  });
});

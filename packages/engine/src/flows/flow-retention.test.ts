import { parseRunId, type RetentionPolicy, type RunId } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { failure } from '../harness.fixture.js';
import { submitInput } from '../sessions/submit-input.js';
import { sweepRetention } from '../sweep-retention.js';
import { by, type Flows, openFlows, tenant, WORKFLOWS } from './flows.fixture.js';

const workflows = {
  ...WORKFLOWS,
  'fails.yml': 'id: fails\njobs: { a: { steps: [ { id: s, uses: t/do:fail } ] } }\n',
  'loose.yml': 'id: loose\njobs: { j: { steps: [ { id: call, uses: "workflow://fails", wait: false }, { id: hold, uses: "builtin:wait", with: { signal: go } } ] } }\n',
  'holds.yml': 'id: holds\njobs: { j: { steps: [ { id: call, uses: "workflow://quick" }, { id: hold, uses: "builtin:wait", with: { signal: go } } ] } }\n',
};

interface EndedFlow {
  readonly at: Flows;
  readonly flowId: string;
  readonly root: RunId;
  /** Ended before the root, and failed. */
  readonly failed: RunId;
}

/** A flow that has ended. Its root does not know of what has failed: that was called and not waited for, or submitted to the session of what was called. */
async function endedFlow(how: 'called' | 'submitted'): Promise<EndedFlow> {
  const at = await openFlows({ workflows });
  at.handlers.set('do:fail', () => Promise.resolve(failure()));
  await at.worker();
  const { flow } = await at.start_({ playbook_ref: await at.publish({ runtime_defaults: { workflow_id: how === 'called' ? 'loose' : 'holds' } }) });
  const holding = await at.flowOnce(flow.flow_id, ({ child_run_ids }) => child_run_ids.length === 1);
  const [child] = holding.child_run_ids.map(idOf);
  const root = idOf(holding.run_id);
  if (child === undefined) throw new Error('it called nothing');
  await at.end(child);
  const failed = how === 'called' ? child : idOf((await submitInput(at.deps, { sessionId: `sc-${child}`, tenant, by, request: { workflow_id: 'fails' } })).run.run_id);
  await at.end(failed);
  await at.release(root);
  await at.end(root);
  return { at, flowId: flow.flow_id, root, failed };
}

function idOf(text: string | null): RunId {
  const id = parseRunId(text ?? '');
  if (id === undefined) throw new Error(`${String(text)} is no run`);
  return id;
}

async function endOf({ deps }: Flows, runId: RunId): Promise<number> {
  return (await deps.catalog.getRun(runId))?.finishedAt ?? Number.NaN;
}

/** Removes what ended before an instant. */
async function sweepBefore({ deps }: Flows, instant: number): Promise<number> {
  const keep: RetentionPolicy = { runs: { ageMs: 1 }, logs: {}, artifacts: {} };
  const { removed } = await sweepRetention({ ...deps, clock: { ...deps.clock, now: () => instant + 1 } }, () => keep);
  await deps.records.write([{ kind: 'lease', key: 'retention-sweep', remove: true }]);
  return removed.runs;
}

describe.each(['called', 'submitted'] as const)('a flow with a failed run that was %s', (how) => {
  it('stands as it did until its root is removed, and everything of it with that', async () => {
    const { at, flowId, root, failed } = await endedFlow(how);
    const before = await at.flow(flowId);
    expect(before).toMatchObject({ status: 'failed', run_id: root });
    expect(await endOf(at, failed)).toBeLessThan(await endOf(at, root));
    expect(await sweepBefore(at, await endOf(at, root))).toBe(0);
    expect(await at.flow(flowId)).toEqual(before);

    expect(await sweepBefore(at, (await endOf(at, root)) + 1)).toBe(how === 'called' ? 2 : 3);
    expect(await at.flow(flowId)).toMatchObject({ status: 'unknown', child_run_ids: [] });
    expect(await at.deps.retention.endedRuns({ tenant, limit: 10 })).toEqual([]);
  });

  it('would stand better without that run', async () => {
    const { at, flowId, failed } = await endedFlow(how);
    await at.deps.retention.remove(failed, 'run');
    expect((await at.flow(flowId)).status).toBe('succeeded');
  });
});

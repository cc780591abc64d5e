import { LIMITS, type RunId } from '@kb-labs/contracts';
import type { StepOutcome } from '@kb-labs/ports';
import { describe, expect, it } from 'vitest';

import { replacing, success } from '../harness.fixture.js';
import { manualClock } from '../manual-clock.fixture.js';
import { settle } from '../one-job.fixture.js';
import { cancelSessionRun } from './cancel-session-run.js';
import { listSessionRuns } from './read-session-run.js';
import { readSession } from './read-session.js';
import { by, line, openLine, tenant, WORK } from './sessions.fixture.js';
import { submitInput } from './submit-input.js';
import { sweepSessions } from './sweep-sessions.js';

const mark = { flow_id: 'f', playbook_id: 'p', version: '1', digest: 'd', nonce: 'x' };

describe('what is kept of a session', () => {
  it('goes after the runs it is about, but for what belongs to a flow', async () => {
    const clock = manualClock();
    const removed = new Set<string>();
    const at = await openLine({
      clock,
      workflows: { 'w.yml': WORK.replace(/.*hold.*\n/, ''), 'c.yml': 'id: caller\njobs: { a: { steps: [{ id: s, uses: "workflow://work" }] } }' },
      wrap: (deps) => ({
        ...deps,
        catalog: replacing(deps.catalog, { getRun: (runId) => (removed.has(runId) ? Promise.resolve(undefined) : deps.catalog.getRun(runId)) }),
        log: replacing(deps.log, { read: (runId, after, limit) => (removed.has(runId) ? Promise.resolve([]) : deps.log.read(runId, after, limit)) }),
      }),
    });
    await at.worker();
    const done = async (runId: string): Promise<void> => {
      while ((await at.read(runId)).status !== 'completed') {
        await settle();
        clock.advance(1_000);
      }
    };
    const caller = await at.submit({}, { workflow: 'caller' });
    await done(caller.run_id);
    const [child = ''] = (await at.read(caller.run_id)).child_run_ids;
    const held = Promise.withResolvers<StepOutcome>();
    at.handlers.set('do:it', () => held.promise);
    const { run: flow } = await submitInput(at.deps, { ...line, by, mark, request: { workflow_id: 'work' } });
    const waits = await at.submit();
    const cancelled = await cancelSessionRun(at.deps, { runId: waits.run_id, tenant, by });
    held.resolve(success());
    await done(flow.run_id);
    clock.advance(LIMITS.idempotencyKeepMs + 1);
    expect(await sweepSessions(at.deps), 'while the runs are there').toBe(0);
    for (const runId of [caller.run_id, child, flow.run_id]) removed.add(runId);
    expect(await sweepSessions(at.deps)).toBe(2);
    expect((await listSessionRuns(at.deps, line)).items).toEqual([cancelled]);
    await expect(readSession(at.deps, { sessionId: `sc-${child}`, tenant })).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    clock.advance(LIMITS.startKeepMs);
    expect(await sweepSessions(at.deps)).toBe(1);
    // Asked for once more, the run of the flow is the one that was removed.
    await expect(submitInput(at.deps, { ...line, by, mark, runId: flow.run_id as RunId, request: { workflow_id: 'work' } })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    expect(await readSession(at.deps, line)).toMatchObject({ status: 'idle' });
  });
});

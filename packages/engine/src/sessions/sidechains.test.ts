import { FLOW_KEY } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { readRun } from '../read-run.js';
import { advanceSession } from './advance-session.js';
import { listSessionRuns } from './read-session-run.js';
import { listAgents, listSessions, readAgent, readSession } from './read-session.js';
import { SESSION_KIND, SESSION_OPEN_KIND } from './session-record.js';
import { by, line, type Line, openLine, tenant, WORK } from './sessions.fixture.js';
import { submitInput } from './submit-input.js';

/** `top` calls `middle`, which calls `work`, which waits to be let go; `loose` calls it without waiting. */
const workflows = {
  'w.yml': WORK,
  'middle.yml': 'id: middle\njobs: { m: { steps: [{ id: call, uses: "workflow://work", with: { n: 7 } }] } }',
  'top.yml': 'id: top\njobs: { t: { steps: [{ id: call, uses: "workflow://middle" }] } }',
  'loose.yml': 'id: loose\njobs: { l: { steps: [{ id: call, uses: "workflow://work", wait: false }] } }',
};

async function opened(): Promise<Line> {
  const one = await openLine({ workflows });
  await one.worker();
  return one;
}

async function childOf(at: Line, runId: string): Promise<string> {
  for (;;) {
    const [child] = (await at.read(runId)).child_run_ids;
    if (child !== undefined && (await at.deps.log.read(child as never, 0, 1)).length > 0) return child;
    await new Promise(setImmediate);
  }
}

const mark = { flow_id: 'f', playbook_id: 'p', version: '1', digest: 'd', nonce: 'x' };

describe('a run that a run of a session calls', () => {
  it('has a session and an agent of its own, in every generation', async () => {
    const at = await opened();
    const { run: root } = await submitInput(at.deps, { ...line, by, mark, request: { workflow_id: 'top', metadata: { a: 1 } } });
    const middle = await childOf(at, root.run_id);
    const work = await childOf(at, middle);
    await at.once(work, 'running');
    expect(await at.read(middle)).toMatchObject({ session_id: `sc-${middle}`, agent_id: `agent-sc-${middle}`, parent_run_id: root.run_id, metadata: { a: 1, [FLOW_KEY]: mark }, child_run_ids: [work] });
    expect((await readRun(at.deps, work)).trigger.session).toEqual({ id: `sc-${work}`, metadata: { a: 1, [FLOW_KEY]: mark }, spawnedBy: middle });
    expect(await readSession(at.deps, { sessionId: `sc-${middle}`, tenant })).toMatchObject({ kind: 'sidechain', status: 'busy', parent: { session_id: 'line', run_id: root.run_id, task_id: `${root.run_id}.t` }, created_by: by });
    expect(await readSession(at.deps, { sessionId: `sc-${work}`, tenant })).toMatchObject({ parent: { session_id: `sc-${middle}`, run_id: middle, task_id: `${middle}.m` } });
    expect(await readAgent(at.deps, { id: `agent-sc-${work}`, tenant })).toMatchObject({ kind: 'sidechain', spawned_by_run_id: middle, status: 'busy', active_run_id: work });
    expect((await listAgents(at.deps, { tenant, kind: 'sidechain' })).items.map(({ session_id }) => session_id).toSorted()).toEqual([`sc-${middle}`, `sc-${work}`].toSorted());
    expect((await listSessions(at.deps, { tenant, kind: 'session' })).items.map(({ session_id }) => session_id)).toEqual(['line']);
    await at.release(work);
    await at.once(root.run_id, 'completed');
    expect(await readSession(at.deps, { sessionId: `sc-${work}`, tenant })).toMatchObject({ status: 'idle' });
  });

  it('makes others wait that submit to its session', async () => {
    const at = await opened();
    const root = await at.submit({}, { workflow: 'loose' });
    await at.once(root.run_id, 'completed');
    const child = await childOf(at, root.run_id);
    const later = await at.submit({ n: 9 }, { sessionId: `sc-${child}` });
    expect(later).toMatchObject({ status: 'queued', session_id: `sc-${child}`, parent_run_id: null });
    await at.release(child);
    await at.once(child, 'completed');
    await at.once(later.run_id, 'running');
    await at.release(later.run_id);
    expect(await at.once(later.run_id, 'completed')).toMatchObject({ metadata: {} });
    expect((await listSessionRuns(at.deps, { tenant, sessionId: `sc-${child}` })).items.map(({ run_id }) => run_id)).toEqual([later.run_id, child]);
  });

  it('has a session also when whoever called it died before that was kept', async () => {
    const at = await opened();
    const root = await at.submit({}, { workflow: 'loose' });
    const child = await childOf(at, root.run_id);
    await at.once(root.run_id, 'completed');
    const key = `${tenant}/sc-${child}`;
    const kept = await readSession(at.deps, { sessionId: `sc-${child}`, tenant });
    const asked = await at.deps.records.list('session-run', { prefix: `${key}/`, limit: 2 });
    await at.deps.records.write([...[SESSION_KIND, SESSION_OPEN_KIND].map((kind) => kind.remove(key)), { kind: 'run-session', key: `${tenant}/${child}`, remove: true }, { kind: 'session-run', key: asked[0]?.key ?? '', remove: true }]);
    expect(await at.read(child)).toMatchObject({ session_id: `sc-${child}` });
    expect(await readSession(at.deps, { sessionId: `sc-${child}`, tenant })).toEqual(kept);
    expect((await listSessionRuns(at.deps, { tenant, sessionId: `sc-${child}` })).items).toHaveLength(1);
    for (const sessionId of [`sc-${root.run_id}`, 'sc-x', `sc-${at.deps.ids.runId()}`]) await expect(readSession(at.deps, { sessionId, tenant }), sessionId).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    await expect(readSession(at.deps, { sessionId: `sc-${child}`, tenant: 'other' })).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  });

  it('has none when its caller has none', async () => {
    const at = await opened();
    const root = await at.start('loose');
    await at.end(root);
    const runs = await at.deps.catalog.listRuns({ limit: 10 });
    expect(runs).toHaveLength(2);
    for (const { id } of runs) expect((await readRun(at.deps, id)).trigger.session, id).toBeUndefined();
    expect(await SESSION_KIND.list(at.deps.records, { limit: 10 })).toHaveLength(1);
    expect(await advanceSession(at.deps, { sessionId: 'absent', tenant })).toEqual({ started: [] });
  });
});

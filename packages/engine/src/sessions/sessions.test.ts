import { FLOW_KEY, LIMITS, type RunId } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { replacing } from '../harness.fixture.js';
import { rerunRun } from '../rerun-run.js';
import { advanceSession } from './advance-session.js';
import { cancelSessionRun } from './cancel-session-run.js';
import { createSession } from './create-session.js';
import { endSession } from './end-session.js';
import { listSessionRuns } from './read-session-run.js';
import { listAgents, listSessions, readAgent, readSession } from './read-session.js';
import { SESSION_KIND } from './session-record.js';
import { by, line, openLine, tenant, WORK } from './sessions.fixture.js';
import { submitInput } from './submit-input.js';

const code = (name: string) => expect.objectContaining({ code: name });

describe('a session', () => {
  it('lets one run go on at a time, in the order they were submitted', async () => {
    const at = await openLine();
    const runs = [await at.submit({ n: 1 }), await at.submit({ n: 2 }), await at.submit({ n: 3 })];
    expect(runs.map(({ status }) => status)).toEqual(['queued', 'queued', 'queued']);
    await at.worker();
    expect(await readSession(at.deps, line)).toMatchObject({ status: 'busy', agent_id: 'agent-line', active_run_id: runs[0]?.run_id, queued_run_ids: [runs[1]?.run_id, runs[2]?.run_id] });
    for (const [index, { run_id }] of runs.entries()) {
      await at.once(run_id, 'running');
      expect((await at.deps.catalog.openRuns({ limit: 10 })).length).toBe(1);
      await at.release(run_id);
      expect(await at.once(run_id, 'completed')).toMatchObject({ session_id: 'line', agent_id: 'agent-line', inputs: { n: index + 1 }, workflow_id: 'work', task_ids: [`${run_id}.a`] });
    }
    expect(at.began()).toEqual([1, 2, 3]);
    expect(await readSession(at.deps, line)).toMatchObject({ status: 'idle', active_run_id: null, queued_run_ids: [] });
    expect((await listSessionRuns(at.deps, line)).items.map(({ run_id }) => run_id)).toEqual(runs.map(({ run_id }) => run_id).toReversed());
    const first = await listSessionRuns(at.deps, { ...line, limit: 2 });
    expect(first.items).toHaveLength(2);
    expect((await listSessionRuns(at.deps, { ...line, limit: 2, cursor: first.nextCursor ?? '' })).items.map(({ run_id }) => run_id)).toEqual([runs[0]?.run_id]);
    expect((await listSessionRuns(at.deps, { tenant })).items).toHaveLength(3);
  });

  it('says of a run that waits when it was submitted, also once it has begun', async () => {
    const at = await openLine();
    await at.worker();
    const one = await at.submit();
    const two = await at.submit({ n: 2 }, { metadata: { why: 'because' } });
    expect(two).toMatchObject({ status: 'queued', workflow_digest: null, metadata: { why: 'because' }, started_at: null, task_ids: [] });
    await at.release(one.run_id);
    await at.once(one.run_id, 'completed');
    expect(await at.once(two.run_id, 'running')).toMatchObject({ submitted_at: two.submitted_at, metadata: { why: 'because' } });
  });

  it('is opened once, and another one with its id is refused', async () => {
    const at = await openLine();
    const made = await createSession(at.deps, { title: 'A', metadata: { a: 1, b: 2 }, by, tenant });
    expect(made).toMatchObject({ created: true, session: { session_id: expect.stringMatching(/^ses-/) as string, title: 'A', status: 'idle', created_by: by, parent: null } });
    const again = { id: made.session.session_id, title: 'A', metadata: { b: 2, a: 1 }, by: 'eve', tenant };
    expect(await createSession(at.deps, again)).toEqual({ created: false, session: made.session });
    await expect(createSession(at.deps, { ...again, title: 'B' })).rejects.toEqual(code('SESSION_CONFLICT'));
    await expect(createSession(at.deps, { ...again, metadata: { a: 2 } })).rejects.toEqual(code('SESSION_CONFLICT'));
    for (const id of ['sc-run_1', 'a/b', '', '.x']) await expect(createSession(at.deps, { id, by, tenant }), id).rejects.toEqual(code('USAGE'));
    await expect(createSession(at.deps, { by, tenant, metadata: { deep: [{ [FLOW_KEY]: {} }] } })).rejects.toEqual(code('RESERVED_KEY'));
    await expect(createSession(at.deps, { by, tenant, metadata: { much: 'x'.repeat(LIMITS.submissionBytes) } })).rejects.toEqual(code('INPUT_INVALID'));
  });

  it('belongs to its tenant', async () => {
    const at = await openLine();
    const run = await at.submit();
    await expect(readSession(at.deps, { ...line, tenant: 'other' })).rejects.toEqual(code('SESSION_NOT_FOUND'));
    await expect(submitInput(at.deps, { ...line, tenant: 'other', by, request: { workflow_id: 'work' } })).rejects.toEqual(code('SESSION_NOT_FOUND'));
    await expect(cancelSessionRun(at.deps, { runId: run.run_id, tenant: 'other', by })).rejects.toEqual(code('RUN_NOT_FOUND'));
    await expect(readAgent(at.deps, { id: 'agent-line', tenant: 'other' })).rejects.toEqual(code('AGENT_NOT_FOUND'));
    expect((await listSessions(at.deps, { tenant: 'other' })).items).toEqual([]);
    expect((await listSessionRuns(at.deps, { tenant: 'other' })).items).toEqual([]);
    await createSession(at.deps, { id: 'line', by, tenant: 'other' });
    expect(await readSession(at.deps, { ...line, tenant: 'other' })).toMatchObject({ status: 'idle' });
  });

  it('is listed by pages, and so are the agents', async () => {
    const at = await openLine();
    for (const id of ['a', 'b', 'tt', 'z']) await createSession(at.deps, { id, by, tenant });
    const ids: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await listSessions(at.deps, { tenant, limit: 2, kind: 'session', ...(cursor === undefined ? {} : { cursor }) });
      ids.push(...page.items.map(({ session_id }) => session_id));
      if (page.nextCursor === undefined) break;
      cursor = page.nextCursor;
    }
    expect(ids).toEqual(['z', 'tt', 'line', 'b', 'a']);
    expect((await listAgents(at.deps, { tenant })).items[0]).toEqual({ agent_id: 'agent-z', session_id: 'z', kind: 'root', spawned_by_run_id: null, status: 'idle', active_run_id: null });
    await expect(listSessions(at.deps, { tenant, limit: 0 })).rejects.toEqual(code('USAGE'));
  });
});

describe('what is submitted', () => {
  it('is the same run for the same key, and refused for another request', async () => {
    const at = await openLine();
    const first = await at.submit({ n: 1 }, { key: 'k' });
    const again = await submitInput(at.deps, { ...line, by: 'eve', request: { workflow_id: 'work', inputs: { n: 1 }, idempotency_key: 'k' } });
    expect(again).toMatchObject({ repeated: true, run: { run_id: first.run_id } });
    await expect(at.submit({ n: 2 }, { key: 'k' })).rejects.toEqual(code('IDEMPOTENCY_CONFLICT'));
    await expect(at.submit({ n: 1 }, { key: 'k', metadata: { x: 1 } })).rejects.toEqual(code('IDEMPOTENCY_CONFLICT'));
    await createSession(at.deps, { id: 'else', by, tenant });
    expect((await at.submit({ n: 1 }, { key: 'k', sessionId: 'else' })).run_id).not.toBe(first.run_id);
  });

  it('is the same run for the same reserved id, whoever asks at once', async () => {
    const at = await openLine();
    const runId = at.deps.ids.runId();
    const mark = { flow_id: 'f', playbook_id: 'p', version: '1', digest: 'd', nonce: 'x' };
    const ask = () => submitInput(at.deps, { ...line, by, runId, mark, request: { workflow_id: 'work' } });
    const answers = await Promise.all([ask(), ask(), ask()]);
    expect(new Set(answers.map(({ run }) => run.run_id))).toEqual(new Set([runId]));
    expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(answers[0]?.run.metadata).toEqual({ [FLOW_KEY]: mark });
    await expect(submitInput(at.deps, { ...line, by, runId, mark: { ...mark, nonce: 'y' }, request: { workflow_id: 'work' } })).rejects.toEqual(code('IDEMPOTENCY_CONFLICT'));
    await createSession(at.deps, { id: 'else', by, tenant });
    await expect(submitInput(at.deps, { sessionId: 'else', tenant, by, runId, mark, request: { workflow_id: 'work' } })).rejects.toEqual(code('IDEMPOTENCY_CONFLICT'));
    expect((await listSessionRuns(at.deps, line)).items).toHaveLength(1);
  });

  it('is refused at once when it cannot be run, and nothing is kept', async () => {
    const at = await openLine();
    await expect(at.submit({}, { workflow: 'absent' })).rejects.toEqual(code('WORKFLOW_NOT_FOUND'));
    await expect(at.submit({ n: 'one' })).rejects.toEqual(code('INPUT_INVALID'));
    await expect(at.submit({}, { metadata: { a: { [FLOW_KEY]: 1 } } })).rejects.toMatchObject({ code: 'RESERVED_KEY', details: { path: 'metadata.a.kheish_flow' } });
    await expect(at.submit({ [FLOW_KEY]: 1 })).rejects.toEqual(code('RESERVED_KEY'));
    await expect(at.submit({}, { metadata: { a: 'x'.repeat(LIMITS.submissionBytes) } })).rejects.toEqual(code('INPUT_INVALID'));
    await expect(at.submit({}, { sessionId: 'absent' })).rejects.toEqual(code('SESSION_NOT_FOUND'));
    await expect(at.submit({}, { sessionId: 'a/b' })).rejects.toEqual(code('SESSION_NOT_FOUND'));
    expect((await listSessionRuns(at.deps, line)).items).toEqual([]);
  });

  it('that became invalid before its turn ends as failed, and the session goes on', async () => {
    const at = await openLine({ workflows: { 'w.yml': WORK, 'x.yml': WORK.replace('id: work', 'id: gone') } });
    const first = await at.submit({ n: 1 });
    const bad = await at.submit({ n: 2 }, { workflow: 'gone' });
    const last = await at.submit({ n: 3 });
    // The document is taken away while it waits.
    const without = await at.another({ 'w.yml': WORK });
    await without.worker();
    await at.release(first.run_id);
    await at.once(last.run_id, 'running');
    expect(await at.read(bad.run_id)).toMatchObject({ status: 'failed', error: { code: 'WORKFLOW_NOT_FOUND' }, started_at: null, finished_at: expect.any(String) as string, task_ids: [] });
    await expect(cancelSessionRun(at.deps, { runId: bad.run_id, tenant, by })).rejects.toEqual(code('RUN_FINISHED'));
    await without.close();
  });

  it('waits when there are too many runs, and can be cancelled once there are not', async () => {
    let full = true;
    const at = await openLine({ wrap: (deps) => ({ ...deps, log: replacing(deps.log, { create: (command) => (full ? Promise.resolve({ ok: false, refused: 'full' }) : deps.log.create(command)) }) }) });
    const run = await at.submit();
    expect(run).toMatchObject({ status: 'queued', error: null });
    expect(await readSession(at.deps, line)).toMatchObject({ status: 'busy', active_run_id: run.run_id });
    await expect(cancelSessionRun(at.deps, { runId: run.run_id, tenant, by })).rejects.toEqual(code('QUEUE_FULL'));
    full = false;
    expect(await cancelSessionRun(at.deps, { runId: run.run_id, tenant, by })).toMatchObject({ status: 'cancelled' });
    expect(await readSession(at.deps, line)).toMatchObject({ status: 'idle' });
  });

  it('that was removed with its journal does not run again', async () => {
    const at = await openLine();
    await at.worker();
    const run = await at.submit({}, { key: 'k' });
    await at.release(run.run_id);
    await at.once(run.run_id, 'completed');
    // Where it was the active one when it was removed.
    const kept = await at.deps.records.get(SESSION_KIND.name, 'default/line');
    const gone = at.deps.ids.runId();
    await at.deps.records.write([{ kind: SESSION_KIND.name, key: 'default/line', value: { ...(kept?.value as object), active: { n: 9, runId: gone, made: true } } }]);
    expect(await readSession(at.deps, line)).toMatchObject({ status: 'idle' });
    expect(await at.deps.catalog.getRun(gone)).toBeUndefined();
    await expect(at.read(gone)).rejects.toEqual(code('RUN_NOT_FOUND'));
  });

  it('is refused when as many wait as may', async () => {
    const at = await openLine();
    await at.submit();
    const kept = await at.deps.records.get(SESSION_KIND.name, 'default/line');
    const queue = Array.from({ length: LIMITS.sessionQueue }, (_, index) => ({ n: index + 2, runId: at.deps.ids.runId() }));
    await at.deps.records.write([{ kind: SESSION_KIND.name, key: 'default/line', value: { ...(kept?.value as object), queue, next: queue.length + 2 } }]);
    await expect(at.submit()).rejects.toMatchObject({ code: 'SESSION_FULL', details: { limit: LIMITS.sessionQueue } });
  });

  it('runs again as an ordinary run, of no session', async () => {
    const at = await openLine();
    await at.worker();
    const run = await at.submit();
    await at.release(run.run_id);
    await at.once(run.run_id, 'completed');
    const { run: again } = await rerunRun(at.deps, { runId: run.run_id, mode: 'all', by });
    expect(again.trigger.session).toBeUndefined();
    await expect(at.read(again.id)).rejects.toEqual(code('RUN_NOT_FOUND'));
  });
});

describe('cancelling', () => {
  it('a run that waits keeps it from ever beginning', async () => {
    const at = await openLine();
    await at.worker();
    const [one, two, three] = [await at.submit({ n: 1 }), await at.submit({ n: 2 }), await at.submit({ n: 3 })];
    const cancelled = await cancelSessionRun(at.deps, { runId: two.run_id, tenant, by });
    expect(cancelled).toMatchObject({ status: 'cancelled', started_at: null, finished_at: expect.any(String) as string });
    expect(await cancelSessionRun(at.deps, { runId: two.run_id, tenant, by })).toEqual(cancelled);
    await at.release(one.run_id);
    await at.release(three.run_id);
    await at.once(three.run_id, 'completed');
    expect(at.began()).toEqual([1, 3]);
    expect(await at.deps.catalog.getRun(two.run_id as RunId)).toBeUndefined();
  });

  it('the run that goes on lets the next one begin', async () => {
    const at = await openLine();
    await at.worker();
    const [one, two] = [await at.submit({ n: 1 }), await at.submit({ n: 2 })];
    await at.once(one.run_id, 'running');
    await cancelSessionRun(at.deps, { runId: one.run_id, tenant, by });
    expect(await at.once(one.run_id, 'cancelled')).toMatchObject({ error: null });
    await at.once(two.run_id, 'running');
    await at.release(two.run_id);
    await at.once(two.run_id, 'completed');
    await expect(cancelSessionRun(at.deps, { runId: two.run_id, tenant, by })).rejects.toEqual(code('RUN_FINISHED'));
  });
});

describe('the end of a session', () => {
  it('is refused while it is busy, and is for good', async () => {
    const at = await openLine();
    await at.worker();
    const run = await at.submit();
    await expect(endSession(at.deps, { ...line, by })).rejects.toEqual(code('SESSION_BUSY'));
    await at.release(run.run_id);
    await at.once(run.run_id, 'completed');
    const ended = await endSession(at.deps, { ...line, by });
    expect(ended).toMatchObject({ status: 'ended', ended_at: expect.any(String) as string });
    expect(await endSession(at.deps, { ...line, by: 'eve' })).toEqual(ended);
    await expect(at.submit()).rejects.toEqual(code('SESSION_ENDED'));
    expect(await readAgent(at.deps, { id: 'agent-line', tenant })).toMatchObject({ status: 'ended' });
  });

  it('cancels what goes on and what waits when it is told to', async () => {
    const at = await openLine();
    await at.worker();
    const runs = [await at.submit({ n: 1 }, { key: 'k' })];
    for (let n = 2; n <= 150; n += 1) runs.push(await at.submit({ n }));
    await at.once(runs[0]?.run_id ?? '', 'running');
    expect(await endSession(at.deps, { ...line, by, cancel: true })).toMatchObject({ status: 'ended', queued_run_ids: [] });
    await at.once(runs[0]?.run_id ?? '', 'cancelled');
    for (const { run_id } of runs.slice(1)) expect((await at.read(run_id)).status).toBe('cancelled');
    expect(at.began()).toEqual([1]);
    await advanceSession(at.deps, line);
    expect(await readSession(at.deps, line)).toMatchObject({ status: 'ended', active_run_id: null });
    // What was accepted before is answered as it was.
    expect((await at.submit({ n: 1 }, { key: 'k' })).run_id).toBe(runs[0]?.run_id);
  });
});

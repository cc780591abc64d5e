import { LIMITS, type PlaybookRef, type RunId } from '@kb-labs/contracts';
import type { RecordChange, Records } from '@kb-labs/ports';
import { describe, expect, it, onTestFinished } from 'vitest';

import type { EngineDeps } from '../deps.js';
import { replacing } from '../harness.fixture.js';
import { revokePlaybook } from '../playbooks/publish-playbook.js';
import { endSession } from '../sessions/end-session.js';
import { listSessionRuns } from '../sessions/read-session-run.js';
import { resolvePrompt } from '../sessions/resolve-prompt.js';
import { requireSession, SESSION_KIND } from '../sessions/session-record.js';
import { submitInput } from '../sessions/submit-input.js';
import { addEvidence } from './add-evidence.js';
import { cancelFlow, stopFlowsOf } from './cancel-flow.js';
import { FLOW_KIND, FLOW_OPEN_KIND } from './flow-record.js';
import { by, type Flows, openFlows, sealedDeps, tenant, withFlows } from './flows.fixture.js';
import { followFlow, readFlowEvents } from './follow-flow.js';
import { recoverFlows } from './recover-flows.js';

const code = (name: string) => expect.objectContaining({ code: name });
const openKept = async (at: Flows): Promise<number> => (await FLOW_OPEN_KIND.list(at.deps.records, { limit: 100 })).length;
const runsOf = async (at: Flows) => (await listSessionRuns(at.deps, { tenant })).items;
const revoke = (at: Flows, { playbook_id: id, version, digest }: PlaybookRef) => revokePlaybook(at.deps, { id, version, digest, reason: 'bad', tenant, by });

/** A process that dies at a write of records: before it, or after it. */
function dyingAt(when: 'before' | 'after', isIt: (changes: readonly RecordChange[]) => boolean): (deps: EngineDeps) => EngineDeps {
  let dead = false;
  return (deps) => {
    const write: Records['write'] = async (changes) => {
      if (dead) throw new Error('this process is dead');
      if (!isIt(changes)) return deps.records.write(changes);
      if (when === 'after') await deps.records.write(changes);
      dead = true;
      throw new Error('this process died');
    };
    return { ...deps, records: replacing(deps.records, { write }) };
  };
}

const makesFlow = (changes: readonly RecordChange[]): boolean => changes.some(({ kind, expected }) => kind === FLOW_KIND.name && expected === 0);
const submits = (changes: readonly RecordChange[]): boolean => changes.some(({ kind }) => kind === 'run-session');
const closes = (changes: readonly RecordChange[]): boolean => changes.some((change) => change.kind === FLOW_OPEN_KIND.name && 'remove' in change);

/** An engine that dies while it starts the flow `f`, and another one on the same state. */
async function dying(when: 'before' | 'after', isIt: (changes: readonly RecordChange[]) => boolean): Promise<{ other: Flows; ref: PlaybookRef }> {
  const one = await openFlows();
  const ref = await one.publish();
  const other = withFlows(await one.another());
  const dead = { ...one, deps: dyingAt(when, isIt)(one.deps) };
  await expect(withFlows(dead).start_({ flow_id: 'f', playbook_ref: ref })).rejects.toThrow('this process died');
  onTestFinished(() => other.close());
  return { other: withFlows({ ...other, deps: sealedDeps(other.deps) }), ref };
}

describe('a process that dies while it starts a flow', () => {
  it.each<[string, 'before' | 'after', (changes: readonly RecordChange[]) => boolean, number]>([
    ['before the flow is kept', 'before', makesFlow, 0],
    ['after the flow is kept', 'after', makesFlow, 1],
    ['before its run is submitted', 'before', submits, 1],
    ['after its run is submitted', 'after', submits, 1],
    ['before that is kept', 'before', closes, 1],
    ['after that is kept', 'after', closes, 1],
  ])('%s: the flow has one run, or there is none', async (_, when, isIt, flows) => {
    const { other, ref } = await dying(when, isIt);
    await recoverFlows(other.deps);
    expect(await openKept(other)).toBe(0);
    expect(await runsOf(other)).toHaveLength(flows);
    const { flow, repeated } = await other.start_({ flow_id: 'f', playbook_ref: ref });
    expect(repeated).toBe(flows === 1);
    expect((await runsOf(other)).map(({ run_id }) => run_id)).toEqual([flow.run_id]);
    await other.worker();
    await other.release(flow.run_id);
    expect((await other.flowOnce('f', ({ status }) => status !== 'running' && status !== 'pending')).status).toBe('succeeded');
  });

  it('leaves what whoever reads it, or starts another one, carries on', async () => {
    const { other, ref } = await dying('after', makesFlow);
    const second = await other.start_({ playbook_ref: ref });
    expect(await openKept(other)).toBe(0);
    expect(await runsOf(other)).toHaveLength(2);
    expect((await other.flow('f')).run_id).not.toBe(second.flow.run_id);
  });

  it('leaves a flow that is cancelled when its playbook was revoked, or its session ended, since', async () => {
    for (const spoil of [(at: Flows, ref: PlaybookRef) => revoke(at, ref), (at: Flows) => endSession(at.deps, { sessionId: 'line', tenant, by })]) {
      const { other, ref } = await dying('after', makesFlow);
      await spoil(other, ref);
      await recoverFlows(other.deps);
      expect(await other.flow('f')).toMatchObject({ status: 'cancelled', run_id: null, reasons: [{ rule: 'cancelled-before-run' }, { rule: 'no-run' }], cancel_requested: { by: 'engine', reason: expect.stringMatching(/^its run was refused: /) as string } });
      expect(await openKept(other)).toBe(0);
      expect(await runsOf(other)).toEqual([]);
    }
  });

  it('leaves one alone that waits for room, and is submitted when there is some', async () => {
    const { other } = await dying('after', makesFlow);
    await submitInput(other.deps, { sessionId: 'line', tenant, by, request: { workflow_id: 'work' } });
    const fill = async (count: number): Promise<void> => {
      const { value } = await requireSession(other.deps, { sessionId: 'line', tenant });
      const queue = Array.from({ length: count }, (_, n) => ({ n: n + 10, runId: other.deps.ids.runId() }));
      await other.deps.records.write([SESSION_KIND.put(`${tenant}/line`, { ...value, queue })]);
    };
    await fill(LIMITS.sessionQueue);
    await recoverFlows(other.deps);
    expect(await other.flow('f')).toMatchObject({ status: 'pending', run_id: null, reasons: [{ rule: 'no-run' }] });
    expect(await openKept(other)).toBe(1);
    await fill(0);
    expect(await other.flow('f')).toMatchObject({ status: 'running' });
    expect(await openKept(other)).toBe(0);
  });
});

describe('a flow that is cancelled', () => {
  it('before its run was submitted never has one, whoever was about to submit it', async () => {
    const { other } = await dying('after', makesFlow);
    expect(await cancelFlow(other.deps, { id: 'f', tenant, by, reason: 'no need' })).toMatchObject({ status: 'cancelled', run_id: null, cancel_requested: { by, reason: 'no need' } });
    await recoverFlows(other.deps);
    expect(await runsOf(other)).toEqual([]);
    expect(await readFlowEvents(other.deps, { id: 'f', tenant })).toEqual({ events: [], more: false });
    const events = [];
    for await (const event of followFlow(other.deps, { id: 'f', tenant }, new AbortController().signal)) events.push(event);
    expect(events).toEqual([]);
  });

  it('in the middle of being submitted has no run, or one that is cancelled', async () => {
    const hold = Promise.withResolvers<undefined>();
    const at = await openFlows();
    const ref = await at.publish();
    const reached = Promise.withResolvers<undefined>();
    const write: Records['write'] = async (changes) => {
      if (submits(changes)) {
        reached.resolve(undefined);
        await hold.promise;
      }
      return at.deps.records.write(changes);
    };
    const slow = withFlows({ ...at, deps: { ...at.deps, records: replacing(at.deps.records, { write }) } });
    const starting = slow.start_({ flow_id: 'f', playbook_ref: ref });
    await reached.promise;
    expect((await cancelFlow(at.deps, { id: 'f', tenant, by })).status).toBe('cancelled');
    hold.resolve(undefined);
    expect((await starting).flow).toMatchObject({ status: 'cancelled', run_id: null });
    expect(await runsOf(at)).toEqual([]);
  });

  it('is cancelled with its root run, in line or begun; a second time changes nothing; one that has ended is left', async () => {
    const at = await openFlows();
    await at.worker();
    const ref = await at.publish();
    const [one, two, three] = [await at.start_({ playbook_ref: ref }), await at.start_({ playbook_ref: ref }), await at.start_({ playbook_ref: ref })];
    const cancelled = await cancelFlow(at.deps, { id: two.flow.flow_id, tenant, by, reason: 'late' });
    expect(cancelled).toMatchObject({ status: 'cancelled', run_id: two.flow.run_id, reasons: [{ rule: 'run-cancelled' }], cancel_requested: { by, reason: 'late' } });
    expect(await cancelFlow(at.deps, { id: two.flow.flow_id, tenant, by: 'eve', reason: 'later' })).toEqual(cancelled);
    await at.release(one.flow.run_id);
    await at.flowOnce(one.flow.flow_id, ({ status }) => status === 'succeeded');
    await expect(cancelFlow(at.deps, { id: one.flow.flow_id, tenant, by })).rejects.toEqual(code('RUN_FINISHED'));
    expect((await at.flow(one.flow.flow_id)).cancel_requested).toBeNull();
    await at.flowOnce(three.flow.flow_id, ({ task_ids }) => task_ids.length === 1);
    await cancelFlow(at.deps, { id: three.flow.flow_id, tenant, by });
    await at.flowOnce(three.flow.flow_id, ({ status }) => status === 'cancelled');
    expect(await openKept(at)).toBe(0);
    await expect(cancelFlow(at.deps, { id: 'absent', tenant, by })).rejects.toEqual(code('FLOW_NOT_FOUND'));
  });

  it('by a process that dies before it tells the run is cancelled by whoever comes next', async () => {
    const at = await openFlows();
    await at.worker();
    const ref = await at.publish();
    const { flow } = await at.start_({ playbook_ref: ref });
    await at.flowOnce(flow.flow_id, ({ task_ids }) => task_ids.length === 1);
    const dead = dyingAt('after', (changes) => changes.some(({ kind }) => kind === FLOW_KIND.name))(at.deps);
    await expect(cancelFlow(dead, { id: flow.flow_id, tenant, by })).rejects.toThrow('this process died');
    await recoverFlows(at.deps);
    expect(await at.flowOnce(flow.flow_id, ({ status }) => status === 'cancelled')).toMatchObject({ run_id: flow.run_id, cancel_requested: { by } });
  });

  it('with its version: those that go on are stopped, with the reason, and others are not', async () => {
    const at = await openFlows();
    await at.worker();
    const ref = await at.publish();
    const other = await at.publish({ version: '2' });
    const [one, two, three] = [await at.start_({ playbook_ref: ref }), await at.start_({ playbook_ref: ref }), await at.start_({ playbook_ref: other })];
    await at.release(one.flow.run_id);
    await at.flowOnce(one.flow.flow_id, ({ status }) => status === 'succeeded');
    await revoke(at, ref);
    const how = { tenant, by: 'sec', reason: 'a hole in it' };
    expect(await stopFlowsOf(at.deps, ref, how)).toEqual([two.flow.flow_id]);
    expect(await stopFlowsOf(at.deps, ref, how)).toEqual([]);
    expect(await at.flowOnce(two.flow.flow_id, ({ status }) => status === 'cancelled')).toMatchObject({ cancel_requested: { by: 'sec', reason: 'a hole in it' } });
    expect((await at.flow(three.flow.flow_id)).cancel_requested).toBeNull();
  });
});

describe('evidence', () => {
  it('is added once, is never changed, and makes a flow succeed that requires it', async () => {
    const at = await openFlows();
    await at.worker();
    const ref = await at.publish({ runtime_defaults: { workflow_id: 'quick' }, required_evidence: [{ kind: 'review', id: 'R-1' }, { kind: 'task' }] });
    const { flow } = await at.start_({ playbook_ref: ref, evidence_refs: [{ kind: 'note', id: 'n', description: 'first' }] });
    const id = flow.flow_id;
    const waits = await at.flowOnce(id, ({ reasons }) => reasons[0]?.rule === 'evidence-missing');
    expect(waits).toMatchObject({ status: 'waiting', reasons: [{ refs: ['review:R-1', 'task'] }], contract: { missing_evidence: [{ kind: 'review', id: 'R-1' }, { kind: 'task' }] } });
    const add = (kind: string, of: string, description?: string) => addEvidence(at.deps, { id, tenant, by, evidenceRefs: [{ kind, id: of, ...(description === undefined ? {} : { description }) }] });
    expect(await add('review', 'R-1', 'looks good')).toMatchObject({ repeated: false });
    expect(await addEvidence(at.deps, { id, tenant, by: 'eve', evidenceRefs: [{ kind: 'review', id: 'R-1', description: 'looks good' }] })).toMatchObject({ repeated: true });
    await expect(add('review', 'R-1', 'looks bad')).rejects.toEqual(code('EVIDENCE_CONFLICT'));
    await expect(add('review', 'R-1')).rejects.toEqual(code('EVIDENCE_CONFLICT'));
    const { flow: done } = await add('task', `${flow.run_id ?? ''}.a`);
    expect(done).toMatchObject({ status: 'succeeded', contract: { missing_evidence: [] } });
    expect(done.evidence_refs.map(({ kind, basis, by: who }) => [kind, basis, who])).toEqual([['note', 'attestation', by], ['review', 'attestation', by], ['task', 'known', by]]);
    await expect(addEvidence(at.deps, { id, tenant, by, evidenceRefs: [] })).rejects.toEqual(code('USAGE'));
    await expect(addEvidence(at.deps, { id, tenant: 'other', by, evidenceRefs: [{ kind: 'x', id: '1' }] })).rejects.toEqual(code('FLOW_NOT_FOUND'));
  });

  it('that names something has to name something of this flow', async () => {
    const at = await openFlows();
    await at.worker();
    at.handlers.set('do:it', async (call) => {
      const { digest } = await call.saveArtifact({ name: 'note.txt', type: 'text', content: new TextEncoder().encode('well') });
      return { status: 'success', outputs: { digest } };
    });
    const ref = await at.publish({ runtime_defaults: { workflow_id: 'quick' } });
    const [one, two] = [await at.start_({ playbook_ref: ref }), await at.start_({ playbook_ref: ref, session_id: 'line' })];
    const mine = await at.flowOnce(one.flow.flow_id, ({ status }) => status === 'succeeded');
    const theirs = await at.flowOnce(two.flow.flow_id, ({ status }) => status === 'succeeded');
    const artifact = mine.output_refs.find(({ kind }) => kind === 'artifact');
    const run = mine.run_id ?? '';
    const give = (kind: string, id: string) => addEvidence(at.deps, { id: mine.flow_id, tenant, by, evidenceRefs: [{ kind, id }] });
    const good = [['run', run], ['task', `${run}.a`], ['agent', 'agent-line'], ['output', `${run}.a/n`], ['flow', mine.flow_id], ['artifact', `${run}/${artifact?.name ?? ''}`], ['artifact', artifact?.digest ?? '']] as const;
    for (const [kind, id] of good) expect((await give(kind, id)).flow.evidence_refs, `${kind} ${id}`).toContainEqual(expect.objectContaining({ kind, id, basis: 'known' }));
    const bad = [['run', theirs.run_id ?? ''], ['task', `${theirs.run_id ?? ''}.a`], ['task', `${run}.b`], ['agent', 'agent-else'], ['output', `${run}.a/m`], ['output', run], ['flow', theirs.flow_id], ['artifact', `${theirs.run_id ?? ''}/${artifact?.name ?? ''}`], ['approval', `${run}.a.s.1`], ['question', `${run}.a.s.1`]] as const;
    for (const [kind, id] of bad) await expect(give(kind, id), `${kind} ${id}`).rejects.toEqual(code('EVIDENCE_NOT_IN_FLOW'));
    expect((await at.flow(mine.flow_id)).evidence_refs).toHaveLength(good.length);
  });

  it('is all of it added or none, by several at once, and no more than there can be', async () => {
    const at = await openFlows();
    const { flow } = await at.start_({ playbook_ref: await at.publish() });
    const many = (from: number, count: number) => Array.from({ length: count }, (_, n) => ({ kind: 'note', id: String(from + n) }));
    const add = (evidenceRefs: { kind: string; id: string }[]) => addEvidence(at.deps, { id: flow.flow_id, tenant, by, evidenceRefs });
    await expect(add([...many(0, 3), { kind: 'run', id: 'run_1' }])).rejects.toEqual(code('EVIDENCE_NOT_IN_FLOW'));
    expect((await at.flow(flow.flow_id)).evidence_refs).toEqual([]);
    await Promise.all([add(many(0, 300)), add(many(200, 300)), add(many(500, 499))]);
    expect((await at.flow(flow.flow_id)).evidence_refs).toHaveLength(999);
    const [a, b] = await Promise.allSettled([add(many(999, 1)), add(many(1_000, 1))]);
    expect([a.status, b.status].toSorted()).toEqual(['fulfilled', 'rejected']);
    await expect(add(many(2_000, 1))).rejects.toEqual(code('USAGE'));
    expect((await add(many(0, 1))).repeated).toBe(true);
  });
});

describe('an approval of a flow', () => {
  it('is waited for, can be given as evidence, and is told afterwards', async () => {
    const at = await openFlows();
    await at.worker();
    const { flow } = await at.start_({ playbook_ref: await at.publish(), request: { workflow_id: 'ask' } });
    const waits = await at.flowOnce(flow.flow_id, ({ status }) => status === 'waiting');
    const [id = ''] = waits.pending_approval_ids;
    await addEvidence(at.deps, { id: flow.flow_id, tenant, by, evidenceRefs: [{ kind: 'approval', id }] });
    await resolvePrompt(at.deps, { id, decision: 'approved', by, tenant });
    expect(await at.flowOnce(flow.flow_id, ({ status }) => status === 'succeeded')).toMatchObject({ pending_approval_ids: [], approval_ids: [id] });
  });
});

describe('the events of a flow', () => {
  it('are those of its root run, which can be waited for in the line of its session', async () => {
    const at = await openFlows();
    await at.worker();
    const ref = await at.publish();
    const [one, two] = [await at.start_({ playbook_ref: ref }), await at.start_({ playbook_ref: ref, request: { workflow_id: 'quick' } })];
    expect(await readFlowEvents(at.deps, { id: two.flow.flow_id, tenant })).toEqual({ events: [], more: false });
    const seen: string[] = [];
    const following = (async () => {
      for await (const { type } of followFlow(at.deps, { id: two.flow.flow_id, tenant }, new AbortController().signal)) seen.push(type);
    })();
    await at.release(one.flow.run_id);
    await following;
    expect([seen[0], seen.at(-1)]).toEqual(['run.started', 'run.finished']);
    expect((await readFlowEvents(at.deps, { id: two.flow.flow_id, tenant, limit: 2 })).events.map(({ seq }) => seq)).toEqual([1, 2]);
    expect(await at.deps.log.read(two.flow.run_id as RunId, 0)).toHaveLength(seen.length);
    await expect(readFlowEvents(at.deps, { id: 'absent', tenant })).rejects.toEqual(code('FLOW_NOT_FOUND'));
  });
});

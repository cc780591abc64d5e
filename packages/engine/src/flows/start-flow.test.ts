import { FLOW_KEY, type JsonObject, LIMITS, type RunId, type StartFlowRequest } from '@kb-labs/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createPlaybook } from '../playbooks/create-playbook.js';
import { PLAYBOOK_KIND } from '../playbooks/playbook-record.js';
import { publishPlaybook, revokePlaybook } from '../playbooks/publish-playbook.js';
import { rerunRun } from '../rerun-run.js';
import { endSession } from '../sessions/end-session.js';
import { listSessionRuns, readSessionRun } from '../sessions/read-session-run.js';
import { submitInput } from '../sessions/submit-input.js';
import { turns } from '../watch-run.fixture.js';
import { addEvidence } from './add-evidence.js';
import { findFlow, FLOW_KIND, flowChange } from './flow-record.js';
import { by, type Flows, MANIFEST, openFlows, tenant, WORKFLOWS } from './flows.fixture.js';
import { listFlows, readFlow } from './read-flow.js';
import { startFlow } from './start-flow.js';

const code = (name: string) => expect.objectContaining({ code: name });
const flowsKept = async (at: Flows): Promise<number> => (await FLOW_KIND.list(at.deps.records, { limit: 100 })).length;

describe('a flow that is started', () => {
  it('is an ordinary run of its session, which knows whose it is', async () => {
    const at = await openFlows();
    await at.worker();
    const ref = await at.publish();
    const { flow, repeated } = await at.start_({ flow_id: 'f', playbook_ref: ref, request: { inputs: { n: 3 }, metadata: { why: 'x' } }, metadata: { team: 'a' } });
    expect(repeated).toBe(false);
    expect(flow).toMatchObject({ flow_id: 'f', playbook_ref: ref, release_state_at_start: 'verified', session_id: 'line', workflow_id: 'work', inputs: { n: 3 }, metadata: { team: 'a' }, created_by: by });
    expect(['pending', 'running']).toContain(flow.status);
    const [run] = (await listSessionRuns(at.deps, { tenant, sessionId: 'line' })).items;
    expect(run).toMatchObject({ run_id: flow.run_id, metadata: { why: 'x', [FLOW_KEY]: { flow_id: 'f', ...ref, nonce: expect.any(String) as string } } });
    await at.flowOnce('f', ({ status }) => status === 'running');
    const [started] = await at.deps.log.read(flow.run_id as RunId, 0);
    expect(started).toMatchObject({ plan: { pins: flow.pins } });
    expect(flow.pins).toEqual({ workflows: { work: expect.stringMatching(/^sha256:/) as string }, plugins: { t: { version: '1.0.0', integrity: 'sha256-t' } }, images: {} });
    await at.release(flow.run_id);
    expect(await at.flowOnce('f', ({ status }) => status !== 'running')).toMatchObject({ status: 'succeeded', reasons: [{ rule: 'succeeded' }], agent_ids: ['agent-line'], task_ids: [`${flow.run_id ?? ''}.a`] });
  });

  it('has its steps, and those of what it calls, ask the model of the playbook', async () => {
    const at = await openFlows();
    await at.worker();
    const llm = { provider: 'anthropic', model: 'm-1' };
    const ref = await at.publish({ runtime_defaults: { workflow_id: 'parent', ...llm } });
    const { flow } = await at.start_({ playbook_ref: ref });
    expect(flow.pins.llm).toEqual(llm);
    await at.flowOnce(flow.flow_id, ({ status }) => status === 'succeeded');
    expect(at.calls.map((call) => [call.step, call.llm])).toEqual([['s', llm], ['after', llm]]);
    await submitInput(at.deps, { sessionId: 'line', tenant, by, request: { workflow_id: 'quick' } });
    await turns(() => Promise.resolve(at.calls.length === 3));
    expect(at.calls[2]?.llm).toBeUndefined();
  });

  it('is told with what it called, and fails by what that did', async () => {
    const at = await openFlows();
    await at.worker();
    const ref = await at.publish({ runtime_defaults: { workflow_id: 'parent' }, tools: { enforce: true, allow: ['t/do:it'] } });
    const { flow } = await at.start_({ playbook_ref: ref });
    expect(Object.keys(flow.pins.workflows).toSorted()).toEqual(['parent', 'quick']);
    const done = await at.flowOnce(flow.flow_id, ({ status, reasons }) => status === 'failed' && reasons.length === 1);
    const [child] = done.child_run_ids;
    expect(done).toMatchObject({ child_run_ids: [child], agent_ids: ['agent-line', `agent-sc-${child ?? ''}`], reasons: [{ rule: 'tool-policy', refs: ['t/do:after'] }] });
    expect(done.task_ids).toEqual([`${flow.run_id ?? ''}.j`, `${child ?? ''}.a`]);
  });

  it('waits in the line of its session, is pending there, and belongs to its tenant', async () => {
    const at = await openFlows();
    await at.worker();
    const ref = await at.publish();
    const first = await at.start_({ playbook_ref: ref });
    const second = await at.start_({ playbook_ref: ref });
    expect(second.flow).toMatchObject({ status: 'running', run_id: expect.any(String) as string, task_ids: [], output_refs: [] });
    await expect(readFlow(at.deps, { id: first.flow.flow_id, tenant: 'other' })).rejects.toEqual(code('FLOW_NOT_FOUND'));
    const page = await listFlows(at.deps, { tenant, limit: 1 });
    expect(page).toMatchObject({ items: [{ flow_id: second.flow.flow_id }], nextCursor: second.flow.flow_id });
    expect(await listFlows(at.deps, { tenant, limit: 1, cursor: page.nextCursor ?? '' })).toMatchObject({ items: [{ flow_id: first.flow.flow_id }] });
    expect((await listFlows(at.deps, { tenant: 'other' })).items).toEqual([]);
  });

  it('has what others submit to a session of its runs before it is settled', async () => {
    const at = await openFlows();
    await at.worker();
    const { flow } = await at.start_({ playbook_ref: await at.publish({ runtime_defaults: { workflow_id: 'patient' } }) });
    const [child = ''] = (await at.flowOnce(flow.flow_id, ({ task_ids }) => task_ids.length === 2)).child_run_ids;
    const others: string[] = [];
    for (let n = 0; n < 22; n += 1) others.push((await submitInput(at.deps, { sessionId: `sc-${child}`, tenant, by, request: { workflow_id: 'quick', inputs: { n } } })).run.run_id);
    expect(await at.flow(flow.flow_id)).toMatchObject({ status: 'running', child_run_ids: [child, ...others] });
    at.handlers.set('do:it', ({ input }) => ({ ...(input['n'] === 20 ? { status: 'failed', error: { code: 'STEP_FAILED', message: 'no' }, retryable: false } : { status: 'success' }), outputs: {} }));
    await at.release(child);
    await turns(async () => (await readSessionRun(at.deps, { runId: others[21] ?? '', tenant })).status === 'completed');
    const failed = await at.flowOnce(flow.flow_id, ({ status, reasons }) => status === 'failed' && !reasons.some(({ rule }) => rule === 'running'));
    expect(failed.reasons[0]).toMatchObject({ rule: 'run-failed', refs: [others[20]] });
    await addEvidence(at.deps, { id: flow.flow_id, tenant, by, evidenceRefs: [{ kind: 'run', id: others[0] ?? '' }] });
  });

  it('is unknown when the run under its id is not the one that it started, or is gone', async () => {
    const at = await openFlows();
    await at.worker();
    const ref = await at.publish({ runtime_defaults: { workflow_id: 'quick' } });
    const { flow } = await at.start_({ flow_id: 'f', playbook_ref: ref });
    await at.flowOnce('f', ({ status }) => status === 'succeeded');
    const kept = await findFlow(at.deps, { id: 'f', tenant });
    if (kept === undefined) throw new Error('no flow');
    const { record } = kept.value;
    const forged = { ...kept.value, record: { ...record, mark: { ...record.mark, nonce: 'another' } } };
    await at.deps.records.write([flowChange(forged, kept.version)]);
    expect(await at.flow('f')).toMatchObject({ status: 'unknown', reasons: [{ rule: 'root-missing' }], task_ids: [] });
    await at.deps.records.write([flowChange(kept.value, kept.version + 1)]);
    expect((await at.flow('f')).status).toBe('succeeded');
    await at.deps.retention.remove(flow.run_id as RunId, 'run');
    expect(await at.flow('f')).toMatchObject({ status: 'unknown', reasons: [{ rule: 'root-missing' }] });
  });

  it('is settled for good: what comes later into a session of its run changes nothing', async () => {
    const at = await openFlows();
    await at.worker();
    const ref = await at.publish({ runtime_defaults: { workflow_id: 'parent' } });
    const { flow } = await at.start_({ playbook_ref: ref });
    const done = await at.flowOnce(flow.flow_id, ({ status }) => status === 'succeeded');
    at.handlers.set('do:it', () => ({ status: 'failed', error: { code: 'STEP_FAILED', message: 'no' }, outputs: {}, retryable: false }));
    const sessionId = `sc-${done.child_run_ids[0] ?? ''}`;
    const later = await submitInput(at.deps, { sessionId, tenant, by, request: { workflow_id: 'quick' } });
    await at.end(later.run.run_id as RunId);
    for (const runId of [done.run_id ?? '', done.child_run_ids[0] ?? '']) {
      const { run } = await rerunRun(at.deps, { runId, mode: 'all', by });
      expect((await at.end(run.id as RunId)).status).toBe('failed');
    }
    expect(await at.flow(flow.flow_id)).toEqual(done);
  });
});

describe('a start that is refused', () => {
  it('tells the first thing that is wrong, in order, and keeps nothing', async () => {
    const at = await openFlows({ secrets: { HERE: 'a secret' }, services: ['llm'] });
    const draft = (await createPlaybook(at.deps, { manifest: { ...MANIFEST, version: '9' }, tenant, by })).playbook;
    const ref = await at.publish({ inputs: [{ name: 'n', required: true }, { name: 'm', required: true }], scopes: { required_capability_scope: ['permission:write', 'service:llm', 'service:storage', 'plugin:t', 'plugin:broken', 'plugin:absent'], required_credential_scope: ['secret:HERE', 'secret:AWAY'] } });
    const bare = await at.publish({ playbook_id: 'bare', runtime_defaults: {} });
    const given = { playbook_ref: ref, request: { inputs: { n: 1, m: 1 } } };
    const cases: [string, Promise<unknown>][] = [
      ['RESERVED_KEY', at.start_({ playbook_ref: { ...ref, playbook_id: 'absent' }, metadata: { a: [{ [FLOW_KEY]: 1 }] } })],
      ['RESERVED_KEY', at.start_({ ...given, request: { inputs: { n: { [FLOW_KEY]: 1 } } } })],
      ['RESERVED_KEY', at.start_({ ...given, request: { metadata: { [FLOW_KEY]: 1 } } })],
      ['PLAYBOOK_NOT_FOUND', at.start_({ ...given, playbook_ref: { ...ref, version: '2' } })],
      ['PLAYBOOK_DIGEST_MISMATCH', at.start_({ ...given, playbook_ref: { ...ref, digest: `sha256:${'0'.repeat(64)}` } })],
      ['PLAYBOOK_NOT_STARTABLE', at.start_({ playbook_ref: { playbook_id: draft.playbook_id, version: draft.version, digest: draft.digest } })],
      ['FLOW_INPUT_MISSING', at.start_({ playbook_ref: ref, request: { inputs: { n: null, x: 1 } } })],
      ['FLOW_SCOPE_MISSING', at.start_(given)],
      ['FLOW_INPUT_MISSING', at.start_({ playbook_ref: bare })],
      ['WORKFLOW_NOT_FOUND', at.start_({ playbook_ref: bare, request: { workflow_id: 'absent' } })],
      ['INPUT_INVALID', at.start_({ playbook_ref: bare, request: { workflow_id: 'work', inputs: { n: 'one' } } })],
      ['INPUT_INVALID', at.start_({ playbook_ref: bare, request: { workflow_id: 'work', inputs: { n: 2 ** 60 } } })],
      ['INPUT_INVALID', at.start_({ playbook_ref: bare, request: { workflow_id: 'work' }, metadata: { x: 'x'.repeat(LIMITS.submissionBytes) } })],
      ['SESSION_NOT_FOUND', at.start_({ playbook_ref: bare, request: { workflow_id: 'work' }, session_id: 'absent' })],
      ['EVIDENCE_NOT_IN_FLOW', at.start_({ playbook_ref: bare, request: { workflow_id: 'work' }, evidence_refs: [{ kind: 'run', id: 'run_1' }] })],
      ['EVIDENCE_CONFLICT', at.start_({ playbook_ref: bare, request: { workflow_id: 'work' }, evidence_refs: [{ kind: 'note', id: '1' }, { kind: 'note', id: '1', description: 'x' }] })],
      ['USAGE', at.start_({ playbook_ref: bare, request: { workflow_id: 'work' }, flow_id: 'a/b' })],
    ];
    for (const [name, started] of cases) await expect(started, name).rejects.toEqual(code(name));
    await expect(cases[6]?.[1]).rejects.toMatchObject({ details: { inputs: 'n, m' } });
    await expect(cases[7]?.[1]).rejects.toMatchObject({ details: { scopes: 'permission:write, service:storage, plugin:broken, plugin:absent, secret:AWAY' } });
    await endSession(at.deps, { sessionId: 'line', tenant, by });
    await expect(at.start_({ playbook_ref: bare, request: { workflow_id: 'work' } })).rejects.toEqual(code('SESSION_ENDED'));
    expect(await flowsKept(at)).toBe(0);
    expect((await listSessionRuns(at.deps, { tenant })).items).toEqual([]);
  });

  it('is also one whose manifest is not any more what its digest says', async () => {
    const at = await openFlows();
    const ref = await at.publish();
    const key = `${tenant}/ship/1`;
    const stored = (await at.deps.records.get(PLAYBOOK_KIND.name, key))?.value as { manifest: JsonObject };
    await at.deps.records.write([{ kind: PLAYBOOK_KIND.name, key, value: { ...stored, manifest: { ...stored.manifest, objective: 'it is shippee' } } }]);
    await expect(at.start_({ playbook_ref: ref })).rejects.toEqual(code('PLAYBOOK_DIGEST_MISMATCH'));
  });

  it('is one whose run has a key that another run has', async () => {
    const at = await openFlows();
    const ref = await at.publish();
    await submitInput(at.deps, { sessionId: 'line', tenant, by, request: { workflow_id: 'work', idempotency_key: 'k' } });
    await expect(at.start_({ playbook_ref: ref, request: { idempotency_key: 'k' } })).rejects.toEqual(code('IDEMPOTENCY_CONFLICT'));
    expect(await flowsKept(at)).toBe(0);
  });
});

describe('a retry', () => {
  const request = (ref: StartFlowRequest['playbook_ref']): StartFlowRequest => ({
    flow_id: 'f',
    idempotency_key: 'k',
    playbook_ref: ref,
    session_id: 'line',
    request: { workflow_id: 'work', inputs: { n: 1 }, metadata: { b: 1, a: { c: [1, 2] } }, idempotency_key: 'rk' },
    metadata: { m: true },
    evidence_refs: [{ kind: 'review', id: '1', description: 'good' }],
  });

  it('is the same flow, by whoever, at once, and whatever became of the playbook', async () => {
    const at = await openFlows();
    const ref = await at.publish();
    const all = await Promise.all(Array.from({ length: 4 }, () => at.start_(request(ref))));
    expect(all.filter(({ repeated }) => !repeated)).toHaveLength(1);
    await revokePlaybook(at.deps, { id: 'ship', version: '1', digest: ref.digest, reason: 'bad', tenant, by });
    const swapped = { ...request(ref), request: { ...request(ref).request, metadata: { a: { c: [1, 2] }, b: 1 } } };
    const again = await startFlow(at.deps, { request: swapped, by: 'eve', tenant, role: 'viewer' });
    expect(again).toMatchObject({ repeated: true, flow: { flow_id: 'f', run_id: all[0]?.flow.run_id, evidence_refs: [{ kind: 'review', basis: 'attestation', by }] } });
    expect((await listSessionRuns(at.deps, { tenant })).items).toHaveLength(1);
  });

  it('is the same flow by its key alone, when there was no id', async () => {
    const at = await openFlows();
    const ref = await at.publish();
    const { flow_id: _, ...keyed } = request(ref);
    const first = await at.start_(keyed);
    expect(await at.start_(keyed)).toMatchObject({ repeated: true, flow: { flow_id: first.flow.flow_id } });
    await expect(at.start_({ ...keyed, flow_id: 'f' })).rejects.toMatchObject({ code: 'FLOW_CONFLICT', details: { id: first.flow.flow_id, field: 'flow_id' } });
    await expect(at.start_({ ...keyed, flow_id: first.flow.flow_id })).rejects.toEqual(code('FLOW_CONFLICT'));
  });

  it('with anything else is refused, and says what is different', async () => {
    const at = await openFlows();
    const ref = await at.publish();
    await at.publish({ version: '2' });
    const base = request(ref);
    await at.start_(base);
    const { flow_id: _id, ...withoutId } = base;
    const { idempotency_key: _key, ...withoutKey } = base;
    const { evidence_refs: _evidence, ...withoutEvidence } = base;
    const other = { ...ref, digest: `sha256:${'0'.repeat(64)}` };
    const cases: [string, StartFlowRequest][] = [
      ['flow_id', { ...base, flow_id: 'g' }],
      ['flow_id', withoutId],
      ['idempotency_key', { ...base, idempotency_key: 'l' }],
      ['idempotency_key', withoutKey],
      ['playbook_ref.playbook_id', { ...base, playbook_ref: { ...ref, playbook_id: 'other' } }],
      ['playbook_ref.version', { ...base, playbook_ref: { ...ref, version: '2' } }],
      ['playbook_ref.digest', { ...base, playbook_ref: other }],
      ['session_id', { ...base, session_id: 'else' }],
      ['request.workflow_id', { ...base, request: { ...base.request, workflow_id: 'quick' } }],
      ['request.idempotency_key', { ...base, request: { ...base.request, idempotency_key: 'sk' } }],
      ['metadata', { ...base, metadata: {} }],
      ['evidence_refs', withoutEvidence],
      ['evidence_refs', { ...base, evidence_refs: [{ kind: 'review', id: '1' }] }],
    ];
    for (const [field, changed] of cases) await expect(at.start_(changed), field).rejects.toMatchObject({ code: 'FLOW_CONFLICT', details: { field } });
    const leaf = fc.oneof(fc.string({ maxLength: 8 }), fc.integer(), fc.boolean(), fc.constant(null));
    const object = fc.dictionary(fc.string({ minLength: 1, maxLength: 6 }).filter((key) => key !== FLOW_KEY && key !== '__proto__'), leaf, { maxKeys: 4 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('inputs', 'metadata'), object, async (field, value) => {
        fc.pre(JSON.stringify(value) !== JSON.stringify(base.request[field]));
        await expect(at.start_({ ...base, request: { ...base.request, [field]: value } })).rejects.toMatchObject({ code: 'FLOW_CONFLICT', details: { field: `request.${field}` } });
      }),
      { numRuns: 40 },
    );
    expect(await flowsKept(at)).toBe(1);
  });
});

describe('what changed since a flow was started', () => {
  it('is refused when its turn comes, and the flow fails', async () => {
    const at = await openFlows();
    const ref = await at.publish();
    await at.start_({ playbook_ref: ref });
    const { flow } = await at.start_({ playbook_ref: ref });
    const [first] = (await listSessionRuns(at.deps, { tenant, sessionId: 'line' })).items.toReversed();
    const other = await at.another({ ...WORKFLOWS, 'work.yml': WORKFLOWS['work.yml'].replace('id: hold', 'id: hole') });
    await other.worker();
    await at.flowOnce(flow.flow_id, () => true);
    await at.release(first?.run_id ?? null);
    const done = await at.flowOnce(flow.flow_id, ({ status }) => status === 'failed');
    expect(done).toMatchObject({ run_id: flow.run_id, reasons: [{ rule: 'run-failed', refs: [flow.run_id] }] });
    await other.close();
  });

  it('publishing another version leaves flows of this one as they are', async () => {
    const at = await openFlows();
    const ref = await at.publish();
    const { flow } = await at.start_({ playbook_ref: ref });
    const two = await at.publish({ version: '2' });
    await publishPlaybook(at.deps, { id: 'ship', version: '2', digest: two.digest, status: 'active', evidenceRefs: [{ kind: 'review', id: 'r2' }], tenant, by });
    expect(await at.flow(flow.flow_id)).toMatchObject({ playbook_ref: ref, release_state_at_start: 'verified' });
  });
});

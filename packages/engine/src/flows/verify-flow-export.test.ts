import { isJsonObject, type JsonObject, type JsonValue, type RunId } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { addEvidence } from './add-evidence.js';
import { cancelFlow } from './cancel-flow.js';
import { digestsOf } from './export-digests.js';
import { exportFlow } from './export-flow.js';
import type { FlowExport } from './export-shape.js';
import { exportText } from './export-text.js';
import { by, type Flows, openFlows, tenant } from './flows.fixture.js';
import { verifyFlowExport } from './verify-flow-export.js';

/** A flow that has ended: two runs, evidence, half of a character and an inexact number in what a step has left. */
async function exported(): Promise<{ at: Flows; export: FlowExport }> {
  const at = await openFlows();
  await at.worker();
  at.handlers.set('do:it', () => ({ status: 'success', outputs: { odd: '\ud800', large: 2 ** 70, 10: 'ten', 9: 'nine' } }));
  const ref = await at.publish({ runtime_defaults: { workflow_id: 'parent' }, phases: [{ phase_id: 'p', objective: 'o' }] });
  const { flow } = await at.start_({ playbook_ref: ref, evidence_refs: [{ kind: 'note', id: 'n' }] });
  await at.flowOnce(flow.flow_id, ({ status }) => status === 'succeeded');
  await addEvidence(at.deps, { id: flow.flow_id, tenant, by, evidenceRefs: [{ kind: 'run', id: flow.run_id ?? '' }] });
  return { at, export: await exportFlow(at.deps, { id: flow.flow_id, tenant }) };
}

describe('an export of a flow', () => {
  it('holds by itself, and says what the flow was', async () => {
    const { at, export: made } = await exported();
    expect(made.runs).toHaveLength(2);
    expect(made.view).toEqual(await at.flow(made.flow_id));
    expect(made.digests.manifest).toBe(made.record.playbook.digest);
    expect(made.release_history.map(({ to }) => to)).toEqual(['draft', 'verified']);
    const good = { ok: true, problems: [], flowId: made.flow_id, status: 'succeeded', digest: made.digests.all };
    const text = exportText(made);
    expect(await verifyFlowExport(text)).toEqual(good);
    expect(await verifyFlowExport(Buffer.from(text))).toEqual(good);
    expect(await verifyFlowExport(JSON.parse(JSON.stringify(made)) as JsonValue)).toEqual(good);
    expect(exportText(await exportFlow(at.deps, { id: made.flow_id, tenant }))).toBe(text);
  });

  it('can be made while the flow goes on, or waits in line, was cancelled there, or has lost its run', async () => {
    const at = await openFlows();
    await at.worker();
    const ref = await at.publish();
    const [one, two] = [await at.start_({ playbook_ref: ref }), await at.start_({ playbook_ref: ref })];
    for (const { flow } of [one, two]) expect(await verifyFlowExport((await exportFlow(at.deps, { id: flow.flow_id, tenant })) as unknown as JsonValue)).toMatchObject({ ok: true, status: 'running' });
    for (const { flow } of [one, two]) await cancelFlow(at.deps, { id: flow.flow_id, tenant, by });
    await at.flowOnce(one.flow.flow_id, ({ status }) => status === 'cancelled');
    for (const { flow } of [one, two]) expect(await verifyFlowExport((await exportFlow(at.deps, { id: flow.flow_id, tenant })) as unknown as JsonValue)).toMatchObject({ ok: true, status: 'cancelled' });
    await at.deps.retention.remove(one.flow.run_id as RunId, 'run');
    expect(await verifyFlowExport((await exportFlow(at.deps, { id: one.flow.flow_id, tenant })) as unknown as JsonValue)).toMatchObject({ ok: true, status: 'unknown' });
  });

  it('does not hold with any leaf changed, or left out', async () => {
    const { export: made } = await exported();
    let changed = 0;
    for (const other of changes(made as unknown as JsonObject)) {
      changed += 1;
      expect((await verifyFlowExport(other)).ok, exportText(other).slice(0, 200)).toBe(false);
    }
    expect(changed).toBeGreaterThan(400);
  });

  it('does not hold with any of its bytes changed', async () => {
    const { export: made } = await exported();
    const bytes = Buffer.from(exportText(made));
    let state = 20_261_121;
    const next = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let n = 0; n < 1_000; n += 1) {
      const at = next(bytes.length);
      const other = Buffer.from(bytes);
      other[at] = (bytes[at] ?? 0) ^ (1 + next(255));
      expect((await verifyFlowExport(other)).ok, `byte ${String(at)}`).toBe(false);
    }
    const text = bytes.toString();
    for (const other of [`${text}\n`, ` ${text}`, `\ufeff${text}`, text.slice(1), '', 'null', '[]', '{}', text.replace('{', '{"a":1,')]) expect((await verifyFlowExport(other)).ok).toBe(false);
  });

  it('does not hold with its digests made anew, where its parts do not belong together', async () => {
    const { export: made } = await exported();
    const again = (change: Partial<FlowExport>): JsonValue => {
      const { digests: _, ...parts } = { ...made, ...change };
      return JSON.parse(JSON.stringify({ ...parts, digests: digestsOf(parts, made.digests.manifest) })) as JsonValue;
    };
    expect((await verifyFlowExport(again({}))).ok).toBe(true);
    const [root, child] = made.runs;
    if (root === undefined || child === undefined || !('events' in root)) throw new Error('two runs');
    const mark = { ...made.record.mark, nonce: 'another' };
    const cases: [RegExp, Partial<FlowExport>][] = [
      [/its status is succeeded/, { view: { ...made.view, status: 'failed' } }],
      [/its view says something else than its journals: .*child_run_ids/, { runs: [root] }],
      [/its status is unknown/, { runs: [] }],
      [/cannot be read/, { runs: [{ ...root, events: root.events.slice(1) }, child] }],
      [/its status is running/, { runs: [{ ...root, events: root.events.slice(0, -1) }, child] }],
      [/is of another flow/, { record: { ...made.record, mark } }],
      [/not the one that the flow started with/, { record: { ...made.record, playbook: { ...made.record.playbook, digest: `sha256:${'0'.repeat(64)}` } } }],
      [/ran what the flow did not start with/, { record: { ...made.record, pins: { ...made.record.pins, workflows: {} } } }],
      [/its view says something else than its journals: .*evidence_refs/, { evidence: [] }],
      [/parts are of several flows/, { flow_id: 'other' }],
    ];
    for (const [problem, change] of cases) expect((await verifyFlowExport(again(change))).problems.join('; '), String(problem)).toMatch(problem);
  });
});

/** The value with one of its leaves changed, or one of its keys or items left out: every one in turn. */
function* changes(value: JsonValue): Generator<JsonValue> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      yield value.toSpliced(index, 1);
      for (const other of changes(item)) yield value.with(index, other);
    }
  } else if (isJsonObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      const { [key]: _, ...rest } = value;
      yield rest;
      for (const other of changes(item)) yield { ...value, [key]: other };
    }
  } else yield typeof value === 'string' ? `${value}x` : typeof value === 'number' ? value + Math.max(1, Math.abs(value)) : typeof value === 'boolean' ? !value : 0;
}

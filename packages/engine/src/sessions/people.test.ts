import { FLOW_KEY, type JsonObject } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { callBack } from '../call-back.js';
import { sendSignal } from '../send-signal.js';
import { startRun } from '../start-run.js';
import { manual, untilAborted } from '../harness.fixture.js';
import { turns } from '../watch-run.fixture.js';
import { cancelSessionRun } from './cancel-session-run.js';
import { listPrompts, readPrompt } from './read-prompts.js';
import { listTasks, readTask } from './read-tasks.js';
import { resolvePrompt } from './resolve-prompt.js';
import { by, line, type Line, openLine, tenant } from './sessions.fixture.js';
import { stopTask } from './stop-task.js';
import { answerApproval } from '../answer-approval.js';

const ASK = `
id: ask
jobs:
  a: { steps: [{ id: go, uses: "builtin:approval", with: { title: "Go?", approvers: [bob, eve], context: { n: 1 } } }] }
  q: { needs: a, steps: [{ id: which, uses: "builtin:approval", with: { title: "Which?", form: { type: object, properties: { port: {} }, required: [port] } } }] }
`;
/** The gate sends the job back to its approval once. */
const TWICE = `
id: twice
jobs:
  a:
    steps:
      - { id: go, uses: "builtin:approval", with: { title: "Go?" } }
      - { id: check, uses: "builtin:gate", with: { decision: "\${{ steps.go.outputs.approver }}", routes: { eve: { restart-from: go } }, default: continue } }
`;
const TASKS = `
id: tasks
jobs:
  long: { steps: [{ id: s, uses: t/do:long }] }
  after: { needs: long, steps: [{ id: s, uses: t/do:it }] }
  other: { steps: [{ id: s, uses: t/do:it }] }
  waits: { steps: [{ id: s, uses: "builtin:wait", with: { signal: go } }] }
`;

/** Of JSON Schema, what is required. */
function required(schema: JsonObject, value: unknown): string | undefined {
  const names = Array.isArray(schema['required']) ? schema['required'] : [];
  return names.every((name) => Object.hasOwn(value as object, String(name))) ? undefined : 'something is missing';
}

async function opened(): Promise<Line> {
  const one = await openLine({
    workflows: { 'ask.yml': ASK, 'twice.yml': TWICE, 'tasks.yml': TASKS },
    checkSchema: required,
  });
  await one.worker();
  return one;
}

const code = (name: string) => expect.objectContaining({ code: name });

describe('approvals and questions', () => {
  it('are decided by their ids and kept afterwards', async () => {
    const at = await opened();
    const run = await at.submit({}, { workflow: 'ask' });
    const asking = await at.once(run.run_id, 'waiting_for_approval');
    const [id = ''] = asking.pending_approval_ids;
    expect(id).toBe(`${run.run_id}.a.go.1`);
    const pending = await readPrompt(at.deps, { id, tenant, kind: 'approval' });
    expect(pending).toMatchObject({ status: 'pending', title: 'Go?', context: { n: 1 }, session_id: 'line', task_id: `${run.run_id}.a`, form: null, resolved_at: null });
    expect((await listPrompts(at.deps, { kind: 'approval', status: 'pending', tenant })).items).toEqual([pending]);
    expect((await listPrompts(at.deps, { kind: 'approval', status: 'pending', tenant: 'other' })).items).toEqual([]);
    expect((await listPrompts(at.deps, { kind: 'question', status: 'pending', tenant })).items).toEqual([]);
    const decide = { id, decision: 'approved' as const, tenant };
    await expect(resolvePrompt(at.deps, { ...decide, by: 'ada' })).rejects.toEqual(code('APPROVER_NOT_ALLOWED'));
    await expect(resolvePrompt(at.deps, { ...decide, by: 'bob', kind: 'question' })).rejects.toEqual(code('PROMPT_NOT_FOUND'));
    await expect(resolvePrompt(at.deps, { ...decide, by: 'bob', tenant: 'other' })).rejects.toEqual(code('PROMPT_NOT_FOUND'));
    await expect(resolvePrompt(at.deps, { ...decide, by: 'bob', subject: 'sha256:0' })).rejects.toEqual(code('APPROVAL_CHANGED'));
    for (const other of [`${run.run_id}.a.go.2`, `${run.run_id}.a`, 'x']) await expect(resolvePrompt(at.deps, { ...decide, id: other, by: 'bob' }), other).rejects.toEqual(code('PROMPT_NOT_FOUND'));
    const answers = await Promise.allSettled(['bob', 'eve'].map((who) => resolvePrompt(at.deps, { ...decide, subject: pending.subject, comment: 'fine', by: who })));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await readPrompt(at.deps, { id, tenant })).toMatchObject({ status: 'allowed', comment: 'fine', resolved_by: expect.stringMatching(/^(bob|eve)$/) as string });

    const question = (await at.once(run.run_id, 'waiting_for_user_question')).pending_question_ids[0] ?? '';
    await expect(resolvePrompt(at.deps, { id: question, decision: 'approved', data: {}, by, tenant })).rejects.toEqual(code('FORM_INVALID'));
    await expect(resolvePrompt(at.deps, { id: question, decision: 'approved', data: { port: { [FLOW_KEY]: 1 } }, by, tenant })).rejects.toEqual(code('RESERVED_KEY'));
    expect(await resolvePrompt(at.deps, { id: question, decision: 'approved', data: { port: 80 }, by, tenant })).toMatchObject({ status: 'answered', answer: { port: 80 } });
    await at.once(run.run_id, 'completed');
    await expect(resolvePrompt(at.deps, { id: question, decision: 'approved', data: { port: 81 }, by, tenant })).rejects.toEqual(code('NOT_WAITING'));
    expect((await listPrompts(at.deps, { kind: 'approval', tenant, sessionId: 'line' })).items.map((one) => one.id)).toEqual([id]);
    expect((await listPrompts(at.deps, { kind: 'question', tenant, status: 'answered' })).items.map((one) => one.id)).toEqual([question]);
  });

  it('are not those of a later time their step asks', async () => {
    const at = await opened();
    const run = await at.submit({}, { workflow: 'twice' });
    const [first = ''] = (await at.once(run.run_id, 'waiting_for_approval')).pending_approval_ids;
    const seen = { attempt: 1, stepAttempt: 1, iteration: 1 };
    await resolvePrompt(at.deps, { id: first, decision: 'approved', by: 'eve', tenant });
    const second = `${run.run_id}.a.go.2`;
    await turns(async () => (await at.read(run.run_id)).pending_approval_ids.includes(second));
    await expect(resolvePrompt(at.deps, { id: first, decision: 'approved', by, tenant })).rejects.toEqual(code('NOT_WAITING'));
    // Whoever had read the first one just before it was decided.
    await expect(answerApproval(at.deps, { runId: run.run_id, step: 'a/go', decision: 'approved', by, asked: seen })).rejects.toEqual(code('NOT_WAITING'));
    expect(await resolvePrompt(at.deps, { id: second, decision: 'rejected', by, tenant })).toMatchObject({ status: 'denied' });
    await at.once(run.run_id, 'failed');
    expect((await listPrompts(at.deps, { kind: 'approval', tenant, runId: run.run_id })).items.map(({ id, status }) => [id, status])).toEqual([[first, 'allowed'], [second, 'denied']]);
  });
});

describe('tasks', () => {
  it('are the jobs of runs of sessions, by pages', async () => {
    const at = await opened();
    at.handlers.set('do:long', untilAborted().handler);
    const runs = [await at.submit({}, { workflow: 'tasks' })];
    const [run] = runs;
    const id = `${run?.run_id ?? ''}.other`;
    await turns(async () => (await readTask(at.deps, { id, tenant })).status === 'completed');
    const ids: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await listTasks(at.deps, { tenant, limit: 1, ...(cursor === undefined ? {} : { cursor }) });
      ids.push(...page.items.map(({ job }) => job));
      if (page.nextCursor === undefined) break;
      cursor = page.nextCursor;
    }
    expect(ids.toSorted()).toEqual(['after', 'long', 'other', 'waits']);
    expect((await listTasks(at.deps, { tenant, sessionId: 'line', status: 'completed' })).items.map(({ task_id }) => task_id)).toEqual([id]);
    expect((await listTasks(at.deps, { tenant: 'other' })).items).toEqual([]);
    for (const other of [`${run?.run_id ?? ''}.none`, 'x', `${at.deps.ids.runId()}.a`]) await expect(readTask(at.deps, { id: other, tenant }), other).rejects.toEqual(code('TASK_NOT_FOUND'));
    await expect(readTask(at.deps, { id, tenant: 'other' })).rejects.toEqual(code('TASK_NOT_FOUND'));
    await expect(listTasks(at.deps, { tenant, cursor: 'x' })).rejects.toEqual(code('USAGE'));
    await cancelSessionRun(at.deps, { runId: run?.run_id ?? '', tenant, by });
    await at.once(run?.run_id ?? '', 'cancelled');
  });

  it('are stopped one by one, while their run goes on', async () => {
    const at = await opened();
    const long = untilAborted();
    at.handlers.set('do:long', long.handler);
    const run = await at.submit({}, { workflow: 'tasks' });
    await long.begun;
    const id = (job: string): string => `${run.run_id}.${job}`;
    await stopTask(at.deps, { id: id('waits'), tenant, by, note: 'not today' });
    await turns(async () => (await readTask(at.deps, { id: id('waits'), tenant })).status === 'cancelled');
    expect((await readTask(at.deps, { id: id('waits'), tenant })).terminal_reason).toContain('it was stopped by ada: not today');
    expect(await at.read(run.run_id)).toMatchObject({ status: 'running' });
    expect(await stopTask(at.deps, { id: id('waits'), tenant, by })).toMatchObject({ status: 'cancelled' });
    // One that has not begun ends at once, without a worker.
    expect(await stopTask(at.deps, { id: id('after'), tenant, by })).toMatchObject({ status: 'cancelled', started_at: null });
    await stopTask(at.deps, { id: id('long'), tenant, by });
    await turns(async () => (await at.read(run.run_id)).finished_at !== null);
    expect(await readTask(at.deps, { id: id('long'), tenant })).toMatchObject({ status: 'cancelled' });
    expect(await readTask(at.deps, { id: id('other'), tenant })).toMatchObject({ status: 'completed' });
    await expect(stopTask(at.deps, { id: id('other'), tenant, by })).rejects.toEqual(code('TASK_ENDED'));
    await expect(stopTask(at.deps, { id: id('none'), tenant, by })).rejects.toEqual(code('TASK_NOT_FOUND'));
    expect(at.calls.map(({ job }) => job)).not.toContain('after');
  });
});

describe('the key by which the daemon knows the runs of its flows', () => {
  it('comes in nowhere else', async () => {
    const at = await opened();
    const payload = { a: [{ [FLOW_KEY]: { flow_id: 'f' } }] };
    const refused = { code: 'RESERVED_KEY' };
    await expect(startRun(at.deps, { workflowId: 'ask', input: payload, trigger: manual })).rejects.toMatchObject({ ...refused, details: { path: 'input.a[0].kheish_flow' } });
    await expect(sendSignal(at.deps, { name: 'go', payload, by })).rejects.toMatchObject(refused);
    const run = await at.submit({}, { workflow: 'ask' });
    await expect(callBack(at.deps, { token: run.run_id, payload, by })).rejects.toMatchObject(refused);
    await at.once(run.run_id, 'waiting_for_approval');
    await expect(answerApproval(at.deps, { runId: run.run_id, step: 'go', decision: 'approved', by: 'bob', data: payload })).rejects.toMatchObject(refused);
    // The same word as a value, or as a part of a key, is nobody's.
    await expect(sendSignal(at.deps, { name: 'go', payload: { [`${FLOW_KEY}s`]: FLOW_KEY }, by })).rejects.toMatchObject({ code: 'SIGNAL_UNHEARD' });
    expect((await at.read(run.run_id)).session_id).toBe(line.sessionId);
  });
});

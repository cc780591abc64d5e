import type { JsonObject } from '@kb-labs/contracts';
import { afterEach, describe, expect, it } from 'vitest';

import { answerApproval, type AnswerApproval, listApprovals } from './answer-approval.js';
import { type Harness, openHarness } from './harness.fixture.js';
import { manualClock } from './manual-clock.fixture.js';
import { endInTime, oneJob, waiting } from './one-job.fixture.js';
import { readRun } from './read-run.js';
import { stepIn } from './watch-run.fixture.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

/** Of JSON Schema, what is required: enough to see when and with what the engine asks. */
const required = (schema: JsonObject, value: unknown): string | undefined => {
  const names = Array.isArray(schema['required']) ? schema['required'] : [];
  const missing = names.find((name) => typeof name === 'string' && !Object.hasOwn(value as object, name));
  return missing === undefined ? undefined : `${String(missing)} is missing`;
};

async function asking(written: string) {
  const clock = manualClock();
  const harness = await openHarness({ clock, checkSchema: required, workflows: oneJob(`{ id: ask, uses: "builtin:approval", with: { title: "Go?", ${written} } }\n{ id: after, uses: t/do:it, with: { who: "\${{ steps.ask.outputs.approver }}" } }`) });
  open.push(harness);
  const worker = await harness.worker();
  const runId = await harness.start('w');
  const wait = (await waiting(harness, runId, 'ask')).waitsFor;
  const answer = (over: Partial<AnswerApproval> = {}) => answerApproval(harness.deps, { runId, step: 'ask', decision: 'approved', by: 'bob', ...over });
  return { clock, harness, worker, runId, wait, answer };
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'accepted', (error: { code?: string }) => error.code);

describe('an approval', () => {
  it('shows what is to be approved, holds nothing meanwhile, and gives what was decided as outputs', async () => {
    const { clock, harness, worker, runId, wait, answer } = await asking('instructions: "Look", context: { sum: 3 }, approvers: [bob, eve], expires: 1h');
    expect(wait).toMatchObject({ kind: 'approval', title: 'Go?', instructions: 'Look', context: { sum: 3 }, approvers: ['bob', 'eve'], expiresAt: new Date(clock.now() + 3_600_000).toISOString() });
    expect(worker.held).toBe(0);
    expect((await listApprovals(harness.deps, {})).items).toMatchObject([{ runId, job: 'j', step: 'ask', title: 'Go?', context: { sum: 3 } }]);
    await answer({ comment: 'fine' });
    const view = await harness.end(runId);
    expect(stepIn(view, 'j', 'ask').outputs).toEqual({ decision: 'approved', approver: 'bob', comment: 'fine', decidedAt: new Date(clock.now()).toISOString() });
    expect(harness.calls[0]?.input).toEqual({ who: 'bob' });
    expect((await listApprovals(harness.deps, {})).items).toEqual([]);
  });

  it('is for those it names', async () => {
    const { answer } = await asking('approvers: [bob, eve]');
    expect(await codeOf(answer({ by: 'mallory' }))).toBe('APPROVER_NOT_ALLOWED');
    expect(await codeOf(answer({ by: 'mallory', decision: 'rejected' }))).toBe('APPROVER_NOT_ALLOWED');
    expect(await codeOf(answer({ by: 'eve' }))).toBe('accepted');
  });

  it('can be kept from whoever started the run, who may still reject it', async () => {
    const { answer } = await asking('prevent-self-approval: true');
    expect(await codeOf(answer({ by: 'ada' }))).toBe('APPROVER_NOT_ALLOWED');
    expect(await codeOf(answer({ by: 'ada', decision: 'rejected' }))).toBe('accepted');
    const other = await asking('prevent-self-approval: false');
    expect(await codeOf(other.answer({ by: 'ada' }))).toBe('accepted');
  });

  it('asks for the answers of its form, of those who approve', async () => {
    const { harness, runId, answer } = await asking('form: { type: object, properties: { size: { type: integer } }, required: [size] }');
    expect(await codeOf(answer())).toBe('FORM_INVALID');
    expect(await codeOf(answer({ data: { other: 1 } }))).toBe('FORM_INVALID');
    expect(await codeOf(answer({ data: { size: 'x'.repeat(2_000_000) } }))).toBe('INPUT_INVALID');
    expect(await codeOf(answer({ data: { size: 3, decision: 'mine' } }))).toBe('accepted');
    expect(stepIn(await harness.end(runId), 'j', 'ask').outputs).toMatchObject({ size: 3, decision: 'approved' });
    const plain = await asking('context: 1');
    expect(await codeOf(plain.answer({ data: { size: 3 } }))).toBe('FORM_INVALID');
    const rejected = await asking('form: { type: object, properties: { size: { type: integer } }, required: [size] }');
    expect(await codeOf(rejected.answer({ decision: 'rejected' }))).toBe('accepted');
  });

  it('that is rejected fails its step with the comment', async () => {
    const { harness, runId, answer } = await asking('context: 1');
    await answer({ decision: 'rejected', comment: 'not on a Friday' });
    const view = await harness.end(runId);
    expect(view).toMatchObject({ status: 'failed', error: { code: 'APPROVAL_REJECTED', message: 'bob rejected it: not on a Friday' } });
    expect(stepIn(view, 'j', 'ask').outputs).toMatchObject({ decision: 'rejected', approver: 'bob' });
    expect(stepIn(view, 'j', 'after').status).toBe('skipped');
  });

  it('is final once rejected: the job does not begin anew to ask again, unless its policy names that', async () => {
    for (const [retry, tries] of [['{ max: 2, initial: 1ms }', 1], ['{ max: 1, initial: 1ms, on: [APPROVAL_REJECTED] }', 2]] as const) {
      const harness = await openHarness({ workflows: { 'w.yml': `id: w\njobs: { j: { retry: ${retry}, steps: [{ id: ask, uses: "builtin:approval", with: { title: "Go?" } }] } }` } });
      open.push(harness);
      await harness.worker();
      const runId = await harness.start('w');
      for (let n = 1; n <= tries; n += 1) {
        await waiting(harness, runId, 'ask');
        await answerApproval(harness.deps, { runId, step: 'ask', decision: 'rejected', by: 'bob' });
      }
      const view = await harness.end(runId);
      expect([view.status, view.error?.code, view.jobs[0]?.attempt]).toEqual(['failed', 'APPROVAL_REJECTED', tries]);
    }
  });

  it('that nobody decides in time fails, and takes no decision afterwards', async () => {
    const { clock, harness, runId, answer } = await asking('expires: 10m');
    clock.advance(599_999);
    expect((await readRun(harness.deps, runId)).status).toBe('waiting');
    const view = await endInTime(harness, clock, runId);
    expect(view).toMatchObject({ status: 'failed', error: { code: 'APPROVAL_EXPIRED', message: 'nobody decided within 10m 00s' } });
    expect(await codeOf(answer())).toBe('NOT_WAITING');
  });

  it('is over at its time also while nobody is there to see it', async () => {
    const { clock, harness, worker, runId, answer } = await asking('expires: 10m');
    await worker.stop();
    clock.advance(600_000);
    expect(await codeOf(answer())).toBe('NOT_WAITING');
    await harness.worker();
    expect(await harness.end(runId)).toMatchObject({ status: 'failed', error: { code: 'APPROVAL_EXPIRED' } });
  });

  it('can be decided while nobody serves the run', async () => {
    const { harness, worker, runId, answer } = await asking('context: 1');
    await worker.stop();
    await answer();
    expect((await readRun(harness.deps, runId)).jobs[0]?.status).toBe('queued');
    await harness.worker();
    expect((await harness.end(runId)).status).toBe('success');
  });

  it('names what was seen: something else cannot be approved by it', async () => {
    const { wait, answer } = await asking('context: 1');
    if (wait?.kind !== 'approval') throw new Error('no approval');
    const other = await asking('context: 2');
    expect(await codeOf(other.answer({ subject: wait.subject }))).toBe('APPROVAL_CHANGED');
    expect(await codeOf(answer({ subject: wait.subject }))).toBe('accepted');
  });

  it('is decided by one of many that decide at once, in two processes', async () => {
    const { harness, runId } = await asking('context: 1');
    const other = await harness.another();
    open.push(other);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => codeOf(answerApproval((n % 2 === 0 ? harness : other).deps, { runId, step: 'ask', decision: n < 4 ? 'approved' : 'rejected', by: `p${n}` }))),
    );
    expect(answers.toSorted()).toEqual([...Array.from({ length: 7 }, () => 'NOT_WAITING'), 'accepted']);
    const events = await harness.deps.log.read(runId, 0);
    expect(events.flatMap((event) => (event.type === 'step.answered' && event.answer.kind === 'approval' ? [event.answer.by] : []))).toEqual([`p${answers.indexOf('accepted')}`]);
  });

  it('says of a step what is not there to be decided', async () => {
    const { harness, runId, answer } = await asking('context: 1');
    expect(await codeOf(answer({ step: 'after' }))).toBe('NOT_WAITING');
    expect(await codeOf(answer({ step: 'nope' }))).toBe('STEP_NOT_FOUND');
    expect(await codeOf(answer({ step: 'j/ask', runId: 'nope' }))).toBe('RUN_NOT_FOUND');
    expect(await codeOf(answer({ step: 'j/ask' }))).toBe('accepted');
    await harness.end(runId);
    expect(await codeOf(answer())).toBe('NOT_WAITING');
  });
});

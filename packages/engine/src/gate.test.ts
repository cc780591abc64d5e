import type { StepOutcome } from '@kb-labs/ports';
import { afterEach, describe, expect, it } from 'vitest';

import { answerApproval } from './answer-approval.js';
import { failure, type Handler, type Harness, openHarness, success } from './harness.fixture.js';
import { manualClock } from './manual-clock.fixture.js';
import { dying, endInTime, oneJob, settle } from './one-job.fixture.js';
import { readRun } from './read-run.js';
import { jobIn, stepIn, turns } from './watch-run.fixture.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

const LOOP = `
{ id: before, uses: t/do:before }
{ id: work, uses: t/do:work, with: { why: "\${{ steps.g.outputs.context.why }}", last: "\${{ steps.g.outputs.decision }}" } }
{ id: check, uses: t/do:check }
{ id: g, uses: "builtin:gate", with: { decision: "\${{ steps.check.outputs.ok }}", routes: { "true": continue, "no": fail, "false": { restart-from: work, context: { why: "it was \${{ steps.check.outputs.ok }}" } } }, default: { restart-from: work } } }
{ id: after, uses: t/do:after, with: { n: "\${{ steps.g.outputs.iteration }}" } }`;

async function deciding(answers: readonly (string | number | boolean | null)[], steps = LOOP, handlers: Readonly<Record<string, Handler>> = {}) {
  const clock = manualClock();
  const harness = await openHarness({ clock, workflows: oneJob(steps) });
  open.push(harness);
  const left = [...answers];
  harness.handlers.set('do:check', () => success({ ok: left.shift() ?? null }));
  for (const [command, handler] of Object.entries(handlers)) harness.handlers.set(command, handler);
  await harness.worker();
  return { clock, harness, runId: await harness.start('w') };
}

describe('a gate', () => {
  it('lets the job go on', async () => {
    const { harness, runId } = await deciding([true]);
    const view = await harness.end(runId);
    expect(view.status).toBe('success');
    expect(stepIn(view, 'j', 'g').outputs).toEqual({ decision: true, route: 'continue', iteration: 1, context: {} });
    expect(stepIn(view, 'j', 'g')).not.toHaveProperty('iteration');
  });

  it('sends the job back over its own steps, which see why', async () => {
    const { harness, runId } = await deciding([false, false, true]);
    const view = await harness.end(runId);
    expect(harness.calls.map((call) => call.step)).toEqual(['before', 'work', 'check', 'work', 'check', 'work', 'check', 'after']);
    expect(harness.calls.filter((call) => call.step === 'work').map((call) => call.input)).toEqual([
      { why: null, last: null },
      { why: 'it was false', last: false },
      { why: 'it was false', last: false },
    ]);
    expect(harness.calls.at(-1)?.input).toEqual({ n: 3 });
    expect(jobIn(view, 'j').steps.map((step) => step.iteration)).toEqual([undefined, 3, 3, 3, undefined]);
  });

  it('has what comes after it see how the last iteration ended, and no failure of those before', async () => {
    const tries: StepOutcome[] = [failure(), success()];
    const { harness, runId } = await deciding(
      [1, 2],
      `
{ id: work, uses: t/do:work }
{ id: check, if: "always()", uses: t/do:check }
{ id: g, if: "always()", uses: "builtin:gate", with: { decision: "\${{ steps.work.outcome }}", routes: { failed: { restart-from: work }, success: continue } } }
{ id: after, uses: t/do:after, with: { work: "\${{ steps.work.outcome }}", check: "\${{ steps.check.outputs.ok }}" } }`,
      { 'do:work': () => tries.shift() ?? success() },
    );
    expect((await harness.end(runId)).status).toBe('success');
    expect(harness.calls.map((call) => call.step)).toEqual(['work', 'check', 'work', 'check', 'after']);
    expect(harness.calls.at(-1)?.input).toEqual({ work: 'success', check: 2 });
  });

  it('goes by its default for what no route names', async () => {
    const { harness, runId } = await deciding(['what', true]);
    expect((await harness.end(runId)).status).toBe('success');
    expect(harness.calls.filter((call) => call.step === 'work')[1]?.input).toEqual({ why: null, last: 'what' });
  });

  it('fails the job where its route says so, and the steps after it are skipped', async () => {
    const { harness, runId } = await deciding(['no']);
    const view = await harness.end(runId);
    expect(view).toMatchObject({ status: 'failed', error: { code: 'GATE_FAILED' } });
    expect([stepIn(view, 'j', 'g').outputs, stepIn(view, 'j', 'after').status]).toEqual([{ decision: 'no', route: 'fail', iteration: 1, context: {} }, 'skipped']);
  });

  it('without a route or a default for a value fails, naming the value', async () => {
    const { harness, runId } = await deciding(['maybe'], '{ id: check, uses: t/do:check }\n{ id: g, uses: "builtin:gate", with: { decision: "${{ steps.check.outputs.ok }}", routes: { "true": continue } } }');
    expect(await harness.end(runId)).toMatchObject({ status: 'failed', error: { code: 'GATE_FAILED', message: expect.stringContaining('maybe') as string } });
  });

  it('sends back as often as it may, and then fails', async () => {
    const { harness, runId } = await deciding([false, false, false, true]);
    const view = await harness.end(runId);
    expect(view).toMatchObject({ status: 'failed', error: { code: 'GATE_EXHAUSTED' } });
    expect(harness.calls.filter((call) => call.step === 'work')).toHaveLength(3);
  });

  it('asks for an approval in its loop again, which is another one each time', async () => {
    const { harness, runId } = await deciding([], `
{ id: work, uses: t/do:work }
{ id: ask, uses: "builtin:approval", with: { title: "Good?" } , continue-on-error: true }
{ id: g, uses: "builtin:gate", with: { decision: "\${{ steps.ask.outputs.decision }}", routes: { approved: continue, rejected: { restart-from: work } } } }`);
    const asked = async (iteration: number | undefined): Promise<void> =>
      turns(async () => {
        const step = stepIn(await readRun(harness.deps, runId), 'j', 'ask');
        return step.status === 'waiting_approval' && step.iteration === iteration;
      });
    await asked(undefined);
    await answerApproval(harness.deps, { runId, step: 'ask', decision: 'rejected', by: 'eve', comment: 'worse' });
    await asked(2);
    expect(stepIn(await readRun(harness.deps, runId), 'j', 'ask').outputs).toEqual({});
    await answerApproval(harness.deps, { runId, step: 'ask', decision: 'approved', by: 'eve' });
    expect((await harness.end(runId)).status).toBe('success');
    expect(harness.calls.map((call) => call.step)).toEqual(['work', 'work']);
  });

  it('gives each iteration keys of its own, which stay the same when a worker dies in it', async () => {
    const clock = manualClock();
    let checks = 0;
    const one = await openHarness({
      clock,
      workflows: oneJob(LOOP),
      // Dies once the second iteration of `check` runs.
      wrap: (deps) => dying(deps, { at: 'after', is: (_, events) => events.some((event) => event.type === 'step.started' && event.step === 'check') && (checks += 1) === 2 }),
    });
    const other = await one.another();
    open.push(one, other);
    one.handlers.set('do:check', () => success({ ok: false }));
    other.handlers.set('do:check', () => success({ ok: true }));
    const runId = await one.start('w');
    await one.worker({ leaseMs: 3_000 });
    await turns(() => checks === 2);
    await settle();
    await other.worker();
    const view = await endInTime(other, clock, runId);
    expect([view.status, stepIn(view, 'j', 'check')]).toMatchObject(['success', { iteration: 2, attempt: 2 }]);
    const keys = [...one.calls, ...other.calls].map((call) => [call.step, call.idempotencyKey.slice(runId.length)]);
    expect(keys).toEqual([
      ['before', '.j.1.before'],
      ['work', '.j.1.work'],
      ['check', '.j.1.check'],
      ['work', '.j.1.work.2'],
      ['check', '.j.1.check.2'],
      ['after', '.j.1.after'],
    ]);
  });
});

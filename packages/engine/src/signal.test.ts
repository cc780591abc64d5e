import { afterEach, describe, expect, it } from 'vitest';

import { callBack } from './call-back.js';
import { type Harness, openHarness } from './harness.fixture.js';
import { manualClock } from './manual-clock.fixture.js';
import { endInTime, oneJob, settle, waiting } from './one-job.fixture.js';
import { sendSignal } from './send-signal.js';
import { stepIn } from './watch-run.fixture.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

async function engine(steps: string, around = '') {
  const clock = manualClock();
  const harness = await openHarness({ clock, workflows: oneJob(steps, around) });
  open.push(harness);
  return { clock, harness, worker: await harness.worker() };
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'accepted', (error: { code?: string }) => error.code);

describe('a wait for a signal', () => {
  const steps = '{ id: hear, uses: "builtin:wait", with: { signal: "paid-${{ inputs.order }}" } }';
  const inputs = 'inputs: { order: { type: string, default: "1" } }';

  it('is woken by the name that its expression gives, in every run that waits for it', async () => {
    const { harness, worker } = await engine(steps, inputs);
    const [one, two, three] = await Promise.all([harness.start('w'), harness.start('w'), harness.start('w', { order: '2' })]);
    for (const runId of [one, two, three]) expect((await waiting(harness, runId, 'hear')).waitsFor).toMatchObject({ kind: 'signal', name: runId === three ? 'paid-2' : 'paid-1' });
    expect(worker.held).toBe(0);
    const sent = await sendSignal(harness.deps, { name: 'paid-1', payload: { sum: 7 }, by: 'bank' });
    expect(sent.resumed.map((heard) => heard.runId).toSorted()).toEqual([one, two].toSorted());
    for (const runId of [one, two]) expect(stepIn(await harness.end(runId), 'j', 'hear').outputs).toEqual({ sum: 7 });
    expect((await waiting(harness, three, 'hear')).status).toBe('waiting');
    expect(await codeOf(sendSignal(harness.deps, { name: 'paid-1', payload: null, by: 'bank' }))).toBe('SIGNAL_UNHEARD');
  });

  it('is heard in one run only when that is named', async () => {
    const { harness } = await engine(steps, inputs);
    const [one, two] = await Promise.all([harness.start('w'), harness.start('w')]);
    for (const runId of [one, two]) await waiting(harness, runId, 'hear');
    expect((await sendSignal(harness.deps, { name: 'paid-1', payload: null, by: 'bank', runId: two })).resumed).toEqual([{ runId: two, job: 'j', step: 'hear' }]);
    expect((await harness.end(two)).status).toBe('success');
    expect((await waiting(harness, one, 'hear')).status).toBe('waiting');
  });

  it('is heard by more runs than fit on one page', { timeout: 30_000 }, async () => {
    const { harness } = await engine(steps, inputs);
    const ids = await Promise.all(Array.from({ length: 130 }, () => harness.start('w')));
    for (const runId of ids) await waiting(harness, runId, 'hear');
    expect((await sendSignal(harness.deps, { name: 'paid-1', payload: null, by: 'bank' })).resumed).toHaveLength(130);
    for (const runId of ids) expect((await harness.end(runId)).status).toBe('success');
  });

  it.each([[5, { payload: 5 }], ['x', { payload: 'x' }], [[1], { payload: [1] }], [null, {}], [{ a: { b: 1 } }, { a: { b: 1 } }]])('gives the payload %j as its outputs', async (payload, outputs) => {
    const { harness } = await engine(steps, inputs);
    const runId = await harness.start('w');
    await waiting(harness, runId, 'hear');
    await sendSignal(harness.deps, { name: 'paid-1', payload, by: 'bank' });
    expect(stepIn(await harness.end(runId), 'j', 'hear').outputs).toEqual(outputs);
  });

  it('takes no payload that is too large, and no name that is none', async () => {
    const { harness } = await engine(steps, inputs);
    expect(await codeOf(sendSignal(harness.deps, { name: 'paid-1', payload: 'x'.repeat(1_100_000), by: 'bank' }))).toBe('INPUT_INVALID');
    expect(await codeOf(sendSignal(harness.deps, { name: '', payload: null, by: 'bank' }))).toBe('USAGE');
    expect(await codeOf(sendSignal(harness.deps, { name: 'x', payload: null, by: 'bank', runId: 'nope' }))).toBe('RUN_NOT_FOUND');
  });

  it('fails when nothing comes in time, and hears nothing after that, served or not', async () => {
    const { clock, harness, worker } = await engine('{ id: hear, uses: "builtin:wait", with: { signal: go, timeout: 1m } }');
    const [seen, unseen] = await Promise.all([harness.start('w'), harness.start('w')]);
    for (const runId of [seen, unseen]) await waiting(harness, runId, 'hear');
    expect(await endInTime(harness, clock, seen)).toMatchObject({ status: 'failed', error: { code: 'WAIT_EXPIRED', message: 'nothing came within 1m 00s' } });
    await harness.end(unseen);
    const late = await harness.start('w');
    await waiting(harness, late, 'hear');
    await worker.stop();
    clock.advance(60_000);
    expect(await codeOf(sendSignal(harness.deps, { name: 'go', payload: null, by: 'bank' }))).toBe('SIGNAL_UNHEARD');
    await harness.worker();
    expect(await harness.end(late)).toMatchObject({ status: 'failed', error: { code: 'WAIT_EXPIRED' } });
  });

  it('is bounded by the time of its step as well, whichever is shorter', async () => {
    const { clock, harness } = await engine('{ id: hear, uses: "builtin:wait", with: { signal: go, timeout: 1h }, timeout: 20s }');
    expect((await endInTime(harness, clock, await harness.start('w'))).durationMs).toBe(20_000);
  });
});

describe('a wait to be called back', () => {
  const steps = '{ id: work, uses: t/do:it, with: { url: "${{ run.callbackUrl }}" } }\n{ id: one, uses: "builtin:wait", with: { callback: true } }\n{ id: two, uses: "builtin:wait", with: { callback: true, timeout: 1m } }';

  it('takes what came before, while and after it in the order it came', async () => {
    const { harness, worker } = await engine(steps);
    await worker.stop();
    const runId = await harness.start('w');
    await callBack(harness.deps, { token: runId, payload: { n: 1 }, by: 'x' });
    await harness.worker();
    await waiting(harness, runId, 'two');
    await callBack(harness.deps, { token: runId, payload: { n: 2 }, by: 'x' });
    const view = await harness.end(runId);
    expect(['one', 'two'].map((step) => stepIn(view, 'j', step).outputs)).toEqual([{ n: 1 }, { n: 2 }]);
    expect(harness.calls[0]?.input).toEqual({ url: `http://localhost/${runId}` });
    expect(await codeOf(callBack(harness.deps, { token: runId, payload: { n: 3 }, by: 'x' }))).toBe('CALLBACK_UNKNOWN');
  });

  it('gives each payload to one step, however many call at once', async () => {
    const { harness } = await engine(steps);
    const runId = await harness.start('w');
    await waiting(harness, runId, 'one');
    const answers = await Promise.all([1, 2, 3, 4].map((n) => codeOf(callBack(harness.deps, { token: runId, payload: { n }, by: 'x' }))));
    const view = await harness.end(runId);
    const got = ['one', 'two'].map((step) => stepIn(view, 'j', step).outputs['n']);
    expect(new Set(got).size).toBe(2);
    expect(answers.filter((answer) => answer === 'accepted').length).toBeGreaterThanOrEqual(2);
    expect(view.status).toBe('success');
  });

  it('is not called by an address that was not made here', async () => {
    const { harness } = await engine(steps);
    const runId = await harness.start('w');
    await waiting(harness, runId, 'one');
    for (const token of ['', 'nope', '0'.repeat(26)]) expect(await codeOf(callBack(harness.deps, { token, payload: null, by: 'x' }))).toBe('CALLBACK_UNKNOWN');
  });

  it('keeps a hundred calls for later, and no more', async () => {
    const { harness, worker } = await engine(steps);
    await worker.stop();
    const runId = await harness.start('w');
    const codes: unknown[] = [];
    for (let n = 0; n < 101; n += 1) codes.push(await codeOf(callBack(harness.deps, { token: runId, payload: n, by: 'x' })));
    expect([new Set(codes.slice(0, 100)), codes[100]]).toEqual([new Set(['accepted']), 'QUEUE_FULL']);
    await harness.worker();
    expect(stepIn(await harness.end(runId), 'j', 'two').outputs).toEqual({ payload: 1 });
  });

  it('that is over by its time leaves a late call for the next that waits', async () => {
    const { clock, harness } = await engine('{ id: one, uses: "builtin:wait", with: { callback: true, timeout: 1m }, continue-on-error: true }\n{ id: two, uses: "builtin:wait", with: { callback: true } }');
    const runId = await harness.start('w');
    await waiting(harness, runId, 'one');
    clock.advance(60_000);
    await callBack(harness.deps, { token: runId, payload: { late: true }, by: 'x' });
    await settle();
    const view = await endInTime(harness, clock, runId);
    expect([stepIn(view, 'j', 'one').error?.code, stepIn(view, 'j', 'two').outputs]).toEqual(['WAIT_EXPIRED', { late: true }]);
  });
});

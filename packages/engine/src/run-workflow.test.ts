import { LIMITS, type RunId } from '@kb-labs/contracts';
import type { CheckedDocument } from '@kb-labs/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { cancelRun } from './cancel-run.js';
import type { EngineDeps } from './deps.js';
import { failure, type Harness, manual, openHarness, replacing, success, untilAborted } from './harness.fixture.js';
import { listRuns } from './list-runs.js';
import { readArtifact } from './read-artifact.js';
import { followLogs, readLogs } from './read-logs.js';
import { readRun } from './read-run.js';
import { acceptRun, startRun } from './start-run.js';

const workflows = {
  'chain.yml': `
id: chain
inputs: { who: { type: string, default: world } }
outputs: { text: "\${{ jobs.second.outputs.text }}" }
env: { GREETING: hello }
jobs:
  first:
    outputs: { made: "\${{ steps.make.outputs.value }}" }
    steps:
      - id: make
        uses: test-plugin/do:make
        with: { who: "\${{ inputs.who }}", deep: { list: ["\${{ env.GREETING }}", 1] } }
      - uses: test-plugin/do:other
        if: steps.make.outputs.value == 'nothing'
  second:
    needs: first
    outputs: { text: "\${{ steps.use.outputs.short }}" }
    steps:
      - id: use
        uses: test-plugin/do:use
        env: { MADE: "\${{ needs.first.outputs.made }}", TWICE: "\${{ env.MADE }}-\${{ env.MADE }}" }
        outputs: { short: "\${{ result.long }}!" }
        artifacts: { note: { type: markdown, source: outputs.short, label: A note } }
`,
  'pair.yml': `
id: pair
jobs:
  a: { steps: [{ uses: test-plugin/do:a }] }
  b: { steps: [{ uses: test-plugin/do:b }] }
  c: { needs: [a, b], if: "always()", steps: [{ uses: test-plugin/do:c }] }
`,
  'retry.yml': `
id: retry
jobs:
  a:
    steps:
      - { id: flaky, uses: test-plugin/do:flaky, retry: { max: 2, initial: 20ms, jitter: false, on: [RATE_LIMIT] } }
`,
  'job-retry.yml': `
id: job-retry
jobs:
  a:
    retry: { max: 1, initial: 0s }
    steps: [{ id: one, uses: test-plugin/do:one }, { id: two, uses: test-plugin/do:two }]
`,
  'tolerant.yml': `
id: tolerant
jobs:
  a:
    steps:
      - { id: bad, uses: test-plugin/do:bad, continue-on-error: true }
      - { id: next, uses: test-plugin/do:next, with: { outcome: "\${{ steps.bad.outcome }}", conclusion: "\${{ steps.bad.conclusion }}" } }
      - { id: worse, uses: test-plugin/do:bad }
      - { id: skipped, uses: test-plugin/do:next }
      - { id: cleanup, uses: test-plugin/do:next, if: failure() }
`,
  'limits.yml': `
id: limits
jobs:
  slow: { steps: [{ id: slow, uses: test-plugin/do:slow, timeout: 30ms }] }
  job: { timeout: 30ms, steps: [{ id: slow, uses: test-plugin/do:slow }, { id: after, uses: test-plugin/do:next, if: always() }] }
`,
  'cleanup.yml': `
id: cleanup
jobs:
  work:
    steps:
      - { id: long, uses: test-plugin/do:long }
      - { id: next, uses: test-plugin/do:next }
      - { id: tidy, uses: test-plugin/do:tidy, if: always() }
  after: { needs: work, steps: [{ uses: test-plugin/do:next }] }
  report: { needs: work, if: cancelled(), steps: [{ uses: test-plugin/do:report }] }
`,
  'by-hand.yml': `
id: by-hand
on: { manual: false }
jobs: { a: { steps: [{ uses: test-plugin/do:a }] } }
`,
  'broken.yml': `
id: broken
jobs:
  a: { needs: b, steps: [{ uses: missing/do:a }] }
  b: { needs: a, steps: [{ uses: test-plugin/do:a, with: { x: "\${{ steps.nope.outputs.x }}" } }] }
`,
};

async function readText(content: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

let engine: Harness;
beforeEach(async () => {
  engine = await openHarness({ workflows });
});
afterEach(() => engine.close());

describe('a run', () => {
  it('takes values through inputs, env, with, outputs and artifacts, keeping their types', async () => {
    engine.handlers.set('do:make', (call) => success({ value: { for: call.input['who'] ?? null } }));
    engine.handlers.set('do:use', (call) => success({ long: `${call.env['TWICE']}` }));
    await engine.worker();
    const run = await engine.end(await engine.start('chain', { who: 'you' }));

    expect(run.status).toBe('success');
    expect(engine.calls[0]?.input).toEqual({ who: 'you', deep: { list: ['hello', 1] } });
    expect(engine.calls[0]?.env).toEqual({ GREETING: 'hello' });
    expect(run.jobs[0]?.outputs).toEqual({ made: { for: 'you' } });
    expect(run.jobs[0]?.steps[1]).toMatchObject({ status: 'skipped', reason: { rule: 'condition', values: { 'steps.make.outputs.value': { for: 'you' } } } });
    expect(run.outputs).toEqual({ text: run.jobs[1]?.outputs['text'] });
    expect(run.artifacts).toMatchObject([{ name: 'note', type: 'markdown', label: 'A note', job: 'second', step: 'use' }]);
    const { content } = await readArtifact(engine.deps, { runId: run.id, name: 'note' });
    expect(await readText(content)).toBe(run.outputs['text']);
  });

  it('runs jobs that need nothing at the same time, and joins them', async () => {
    const order: string[] = [];
    const both = Promise.withResolvers<void>();
    const meet = (name: string) => async () => {
      order.push(name);
      if (order.length === 2) both.resolve();
      await both.promise;
      return success();
    };
    engine.handlers.set('do:a', meet('a'));
    engine.handlers.set('do:b', meet('b'));
    await engine.worker();
    const run = await engine.end(await engine.start('pair'));
    expect(run.status).toBe('success');
    expect(engine.calls.at(-1)?.job).toBe('c');
  });

  it('retries a step as its policy says, without a worker in between, with the same idempotency key', async () => {
    let tries = 0;
    engine.handlers.set('do:flaky', () => ((tries += 1) < 3 ? failure('RATE_LIMIT') : success({ tries })));
    await engine.worker();
    const run = await engine.end(await engine.start('retry'));
    expect(run.jobs[0]?.steps[0]).toMatchObject({ status: 'success', attempt: 3, outputs: { tries: 3 } });
    expect(new Set(engine.calls.map((call) => call.idempotencyKey)).size).toBe(1);
    expect(engine.calls.map((call) => call.stepAttempt)).toEqual([1, 2, 3]);
  });

  it('gives up on a code that the policy does not name', async () => {
    engine.handlers.set('do:flaky', () => failure('OTHER'));
    await engine.worker();
    const run = await engine.end(await engine.start('retry'));
    expect(run).toMatchObject({ status: 'failed', error: { code: 'OTHER' } });
    expect(engine.calls).toHaveLength(1);
  });

  it('runs every step again in the next attempt of a job', async () => {
    let tries = 0;
    engine.handlers.set('do:two', () => ((tries += 1) < 2 ? failure() : success()));
    await engine.worker();
    const run = await engine.end(await engine.start('job-retry'));
    expect(run.jobs[0]).toMatchObject({ status: 'success', attempt: 2 });
    expect(engine.calls.map((call) => `${call.step} ${call.attempt}`)).toEqual(['one 1', 'two 1', 'one 2', 'two 2']);
  });

  it('goes on after a failure that is tolerated, and skips the rest after one that is not', async () => {
    engine.handlers.set('do:bad', () => failure());
    await engine.worker();
    const run = await engine.end(await engine.start('tolerant'));
    expect(run.jobs[0]?.steps.map((step) => step.status)).toEqual(['failed', 'success', 'failed', 'skipped', 'success']);
    expect(engine.calls[1]?.input).toEqual({ outcome: 'failed', conclusion: 'success' });
    expect(run.jobs[0]?.steps[3]?.reason).toMatchObject({ rule: 'earlier-step', values: { 'steps.worse.conclusion': 'failed' } });
    expect(run.status).toBe('failed');
  });

  it('stops a step at its own limit and a job at its limit', async () => {
    engine.handlers.set('do:slow', (call) => untilAborted().handler(call));
    await engine.worker();
    const run = await engine.end(await engine.start('limits'));
    expect(run.jobs.map((job) => [job.status, job.error?.code])).toEqual([['failed', 'STEP_TIMEOUT'], ['failed', 'JOB_TIMEOUT']]);
    expect(run.jobs[1]?.error?.message).toBe('the job ran longer than 30ms');
    expect(run.jobs[1]?.steps[1]).toMatchObject({ status: 'skipped', reason: { rule: 'timeout' } });
  });

  it('stores the lines of a step in order and gap-free over its tries', async () => {
    let tries = 0;
    engine.handlers.set('do:flaky', (call) => {
      tries += 1;
      for (let line = 0; line < 500; line += 1) void call.log({ stream: 'stdout', level: 'info', text: `${tries}:${line}` });
      return tries < 2 ? failure('RATE_LIMIT') : success();
    });
    await engine.worker();
    const run = await engine.end(await engine.start('retry'));
    const { lines, more } = await readLogs(engine.deps, { runId: run.id, limit: 5_000 });
    expect(more).toBe(false);
    expect(lines.map((line) => line.n)).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
    expect([lines[0]?.text, lines[999]?.text]).toEqual(['1:0', '2:499']);
  });
});

describe('a script', () => {
  it('is not started with a value that no environment variable can hold', async () => {
    const text = 'id: w\npermissions: { shell: true }\ninputs: { v: { type: string, required: true } }\njobs: { a: { steps: [{ run: "echo ${{ inputs.v }}" }] } }';
    const scripts = await openHarness({ workflows: { 'w.yml': text } });
    await scripts.worker();
    for (const v of ['a\0b', 'x'.repeat(200_000), '\ud800']) {
      const run = await scripts.end(await scripts.start('w', { v }));
      expect(run).toMatchObject({ status: 'failed', error: { code: 'EXPRESSION_FAILED' } });
    }
    expect(scripts.calls).toEqual([]);
    expect((await scripts.end(await scripts.start('w', { v: 'fits' }))).status).toBe('success');
    await scripts.close();
  });
});

describe('progress', () => {
  it('is a line for each whole percent and note, however often it is told', async () => {
    engine.handlers.set('do:flaky', (call) => {
      for (let n = 0; n < 1_000; n += 1) call.progress(n / 10_000);
      call.progress(0.5, 'half');
      call.progress(0.5, 'half');
      return success();
    });
    await engine.worker();
    const run = await engine.end(await engine.start('retry'));
    const { lines } = await readLogs(engine.deps, { runId: run.id });
    expect(lines.map((line) => line.text)).toEqual([...Array.from({ length: 11 }, (_, percent) => `${percent} %`), '50 % half']);
  });
});

describe('cancelling', () => {
  it('stops what runs, lets it clean up, and keeps what comes after from starting unless it asks to', async () => {
    const long = untilAborted();
    engine.handlers.set('do:long', long.handler);
    await engine.worker();
    const runId = await engine.start('cleanup');
    await long.begun;
    const other = await engine.another();
    await cancelRun(other.deps, { runId, by: 'ada', note: 'wrong branch' });
    const run = await engine.end(runId);
    await other.close();

    expect(run.status).toBe('cancelled');
    expect(run.jobs[0]?.steps.map((step) => step.status)).toEqual(['cancelled', 'cancelled', 'success']);
    expect(run.jobs.map((job) => job.status)).toEqual(['cancelled', 'cancelled', 'success']);
    expect(run.jobs[1]?.reason?.message).toBe('the run was cancelled by ada: wrong branch');
    expect(run.jobs[1]?.steps[0]).toMatchObject({ status: 'cancelled', reason: { rule: 'cancelled' } });
    expect(engine.calls.map((call) => call.uses.kind === 'plugin' && call.uses.command)).toEqual(['do:long', 'do:tidy', 'do:report']);
  });

  it('ends a run that nobody works on at once, is repeatable, and refuses a finished one', async () => {
    const runId = await engine.start('pair');
    const run = await cancelRun(engine.deps, { runId, by: 'ada' });
    // `c` asks to run always, so that the run is not over before it did.
    expect(run.jobs.map((job) => job.status)).toEqual(['cancelled', 'cancelled', 'queued']);
    await engine.worker();
    expect((await engine.end(runId)).jobs[2]?.status).toBe('success');
    expect((await cancelRun(engine.deps, { runId, by: 'bob' })).status).toBe('cancelled');

    const done = await engine.start('job-retry');
    await engine.end(done);
    await expect(cancelRun(engine.deps, { runId: done, by: 'ada' })).rejects.toMatchObject({ code: 'RUN_FINISHED' });
  });

  it('does not wait for the retry of a step that was cancelled while it waited', async () => {
    const far = await openHarness({ workflows: { 'w.yml': 'id: w\njobs: { a: { steps: [{ uses: t/do:flaky, retry: { max: 1, initial: 1h } }] } }' } });
    far.handlers.set('do:flaky', () => failure());
    await far.worker();
    const runId = await far.start('w');
    while ((await readRun(far.deps, runId)).status !== 'waiting') await new Promise(setImmediate);
    await cancelRun(far.deps, { runId, by: 'ada' });
    const run = await far.end(runId);
    expect(run.jobs[0]).toMatchObject({ status: 'cancelled', steps: [{ status: 'cancelled' }] });
    expect(far.calls).toHaveLength(1);
    await far.close();
  });
});

describe('following', () => {
  it('ends with the run, also when its last event wrote no line', async () => {
    const long = untilAborted();
    engine.handlers.set('do:long', long.handler);
    await engine.worker();
    const runId = await engine.start('cleanup');
    const call = await long.begun;
    await call.log({ stream: 'stdout', level: 'info', text: 'begun' });
    const texts: string[] = [];
    for await (const line of followLogs(engine.deps, { runId }, new AbortController().signal)) {
      texts.push(line.text);
      await cancelRun(engine.deps, { runId, by: 'ada' });
    }
    expect(texts).toEqual(['begun']);
  });
});

describe('a document that was checked before', () => {
  it('is checked again when its text or a command it uses has changed, and not otherwise', async () => {
    const kept = new Map<string, CheckedDocument>();
    const checks: string[] = [];
    let shape = {};
    const remembering = (deps: EngineDeps): EngineDeps => ({
      ...deps,
      checked: {
        read: (source) => Promise.resolve(kept.get(source.text)),
        write: (source, document) => {
          checks.push(document.id);
          kept.set(source.text, document);
          return Promise.resolve();
        },
      },
      plugins: replacing(deps.plugins, {
        resolve: async (uses) => {
          const found = await deps.plugins.resolve(uses);
          return found.ok ? { ...found, command: { ...found.command, output: shape } } : found;
        },
      }),
    });
    const text = 'id: w\njobs: { a: { steps: [{ uses: t/do:it }] } }';
    const one = await openHarness({ workflows: { 'w.yml': text }, wrap: remembering });
    await one.start('w');
    await one.start('w');
    expect(checks).toEqual(['w']);
    shape = { type: 'object' };
    await one.start('w');
    await one.start('w');
    expect(checks).toEqual(['w', 'w']);
    await one.close();

    const other = await openHarness({ workflows: { 'w.yml': `${text}\n# another text` }, wrap: remembering });
    await other.start('w');
    expect(checks).toHaveLength(3);
    await other.close();
  });
});

describe('starting', () => {
  it('refuses a broken document with every diagnostic, and writes nothing', async () => {
    const refused = startRun(engine.deps, { workflowId: 'broken', input: {}, trigger: manual });
    await expect(refused).rejects.toMatchObject({ code: 'WORKFLOW_INVALID' });
    const { details } = (await refused.catch((error: unknown) => error)) as { details: { diagnostics: { code: string; line: number }[] } };
    expect(details.diagnostics.map((one) => [one.code, one.line])).toEqual([
      ['UNKNOWN_PLUGIN', 4],
      ['NEEDS_CYCLE', 5],
      ['EXPRESSION_REFERENCE', 5],
    ]);
    expect((await listRuns(engine.deps, {})).items).toEqual([]);
  });

  it('refuses unknown workflows, ones not started by hand, and inputs that do not fit', async () => {
    await expect(engine.start('chian')).rejects.toMatchObject({ code: 'WORKFLOW_NOT_FOUND', hint: 'did you mean "chain"?' });
    const torn = await openHarness({ workflows: { 'good.yml': 'id: good\njobs: { a: { steps: [{ uses: t/do:a }] } }', 'torn.yml': 'id: torn\njobs: [' } });
    await expect(torn.start('gone')).rejects.toMatchObject({ code: 'WORKFLOW_INVALID' });
    await torn.close();
    await expect(engine.start('by-hand')).rejects.toMatchObject({ code: 'WORKFLOW_NOT_MANUAL' });
    await expect(engine.start('chain', { who: 1 })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('accepts as much as a run may start with, and refuses one character more, also of a plan whose jobs it knows', async () => {
    const [started] = await engine.deps.log.read(await engine.start('pair'), 0);
    if (started?.type !== 'run.started') throw new Error('the run has not begun');
    const { seq: _seq, at: _at, ...event } = { ...started, trigger: { ...manual, payload: '' } };
    const room = LIMITS.runStateBytes - JSON.stringify(event).length;
    const accept = (length: number): Promise<unknown> =>
      acceptRun(engine.deps, { runId: engine.deps.ids.runId(), plan: event.plan, trigger: { ...event.trigger, payload: 'x'.repeat(length) } });
    await expect(accept(room + 1)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(accept(room)).resolves.toMatchObject({ state: { status: 'queued' } });
    await expect(accept(room + 1)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('accepts a key once: the same request is the same run, another one a conflict', async () => {
    const start = (input: { who: string }) => startRun(engine.deps, { workflowId: 'chain', input, trigger: manual, idempotencyKey: 'k' });
    const results = await Promise.all(Array.from({ length: 50 }, () => start({ who: 'a' })));
    expect(new Set(results.map((one) => one.run.id)).size).toBe(1);
    expect(results.filter((one) => !one.repeated)).toHaveLength(1);
    await expect(start({ who: 'b' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    expect((await listRuns(engine.deps, {})).items).toHaveLength(1);
  });

  it('says of an open run that nobody carries it on', async () => {
    const runId = await engine.start('pair');
    expect((await readRun(engine.deps, runId)).reason).toMatchObject({ rule: 'no-worker' });
    expect((await listRuns(engine.deps, {})).items[0]?.reason).toMatchObject({ rule: 'no-worker' });
    await engine.worker();
    const run = await engine.end(runId);
    expect(run.reason).toBeUndefined();
  });

  it('pages through runs, newest first', async () => {
    const ids: RunId[] = [];
    for (let n = 0; n < 5; n += 1) ids.push(await engine.start('pair'));
    const first = await listRuns(engine.deps, { limit: 2 });
    const second = await listRuns(engine.deps, { limit: 2, cursor: first.nextCursor ?? '' });
    const third = await listRuns(engine.deps, { limit: 2, cursor: second.nextCursor ?? '' });
    expect([...first.items, ...second.items, ...third.items].map((one) => one.id)).toEqual(ids.toReversed());
    expect(third.nextCursor).toBeUndefined();
  });
});

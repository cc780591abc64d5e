import type { JsonValue, RunView } from '@kb-labs/contracts';
import { afterEach, describe, expect, it } from 'vitest';

import { failure, type Harness, type HarnessOptions, openHarness, success } from './harness.fixture.js';
import { readLogs } from './read-logs.js';
import { jobIn, statuses, turns } from './watch-run.fixture.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

async function harnessOf(jobs: string, options: Partial<HarnessOptions> = {}): Promise<Harness> {
  const harness = await openHarness({ workflows: { 'w.yml': `id: w\ninputs: { list: { type: json, default: [] } }\n${jobs}` }, ...options });
  open.push(harness);
  return harness;
}

const STEP = 'steps: [{ id: s, uses: t/do:it, with: { m: "${{ toJSON(matrix) }}", place: "${{ strategy.job-index }} of ${{ strategy.job-total }}" } }]';

function matrixOf(view: RunView): JsonValue[] {
  return view.jobs.flatMap((job) => (job.matrix === undefined ? [] : [job.matrix]));
}

async function run(jobs: string, options: Partial<HarnessOptions> & { input?: Record<string, JsonValue>; handle?: (harness: Harness) => void } = {}) {
  const harness = await harnessOf(jobs, options);
  options.handle?.(harness);
  await harness.worker();
  const runId = await harness.start('w', options.input ?? {});
  return { harness, runId, view: await harness.end(runId) };
}

describe('a matrix', () => {
  it('becomes a job for each combination, with its own values, place, outputs and log', async () => {
    const { harness, runId, view } = await run(
      `jobs: { test: { strategy: { matrix: { os: [linux, mac], node: [20, 22] } }, outputs: { on: "\${{ matrix.os }} \${{ matrix.node }}" }, ${STEP} } }`,
      {
        handle: (one) =>
          one.handlers.set('do:it', async (call) => {
            await call.log({ stream: 'stdout', level: 'info', text: `in ${call.job}` });
            return success();
          }),
      },
    );
    expect(statuses(view)).toEqual({ test: 'success', 'test.1': 'success', 'test.2': 'success', 'test.3': 'success', 'test.4': 'success' });
    expect(matrixOf(view)).toEqual([
      { os: 'linux', node: 20 },
      { os: 'linux', node: 22 },
      { os: 'mac', node: 20 },
      { os: 'mac', node: 22 },
    ]);
    expect(view.jobs.map((job) => job.outputs['on'])).toEqual(['mac 22', 'linux 20', 'linux 22', 'mac 20', 'mac 22']);
    expect(harness.calls.map((call) => call.input['place']).toSorted()).toEqual(['0 of 4', '1 of 4', '2 of 4', '3 of 4']);
    expect(new Set(harness.calls.map((call) => call.idempotencyKey)).size).toBe(4);
    for (const key of ['test.1', 'test.4']) {
      expect((await readLogs(harness.deps, { runId, job: key })).lines.map((line) => [line.job, line.text])).toEqual([[key, `in ${key}`]]);
    }
  });

  it('leaves out what is excluded and adds what is included', async () => {
    const { view } = await run(
      `jobs: { test: { strategy: { matrix: { os: [linux, mac], node: [20, 22], exclude: [{ os: mac, node: 20 }], include: [{ os: linux, extra: 1 }, { os: win }] } }, ${STEP} } }`,
    );
    expect(matrixOf(view)).toEqual([{ os: 'linux', node: 20, extra: 1 }, { os: 'linux', node: 22, extra: 1 }, { os: 'mac', node: 22 }, { os: 'win' }]);
  });

  it('can come from what an earlier job found out', async () => {
    const { view } = await run(
      `jobs:
  plan: { steps: [{ id: p, uses: t/do:plan }], outputs: { list: "\${{ toJSON(steps.p.outputs.list) }}" } }
  test: { needs: plan, strategy: { matrix: "\${{ fromJSON(needs.plan.outputs.list) }}" }, ${STEP} }`,
      { handle: (one) => one.handlers.set('do:plan', () => success({ list: { n: [3, 1, 2] } })) },
    );
    expect(matrixOf(view)).toEqual([{ n: 3 }, { n: 1 }, { n: 2 }]);
  });

  it('skips its job when it has no combination, and what needs it', async () => {
    const { harness, view } = await run(
      `jobs:
  test: { strategy: { matrix: { n: "\${{ inputs.list }}" } }, ${STEP} }
  after: { needs: test, steps: [{ uses: t/do:after }] }`,
    );
    expect(statuses(view)).toEqual({ test: 'skipped', after: 'skipped' });
    expect(jobIn(view, 'test').reason?.rule).toBe('matrix');
    expect(jobIn(view, 'after').reason).toMatchObject({ rule: 'needs', values: { 'needs.test.result': 'skipped' } });
    expect(harness.calls).toEqual([]);
  });

  it.each([
    ['more combinations than the configuration allows', [1, 2, 3, 4], 'it has 4 combinations, and 3 is the most'],
    ['values that are no list', { a: 1 }, 'the axis "n" has to be a list, not an object'],
  ])('fails its job at once with %s', async (_, list, problem) => {
    const { harness, view } = await run(
      `jobs:
  test: { strategy: { matrix: { n: "\${{ inputs.list }}" } }, ${STEP} }
  after: { needs: test, if: "\${{ failure() }}", steps: [{ uses: t/do:after }] }`,
      { input: { list }, limits: { matrixCombinations: 3 } },
    );
    expect(view).toMatchObject({ status: 'failed', error: { code: 'MATRIX_INVALID' } });
    expect(jobIn(view, 'test').error?.message).toContain(problem);
    expect(harness.calls.map((call) => call.step)).toEqual(['step-1']);
  });

  it('hands the results of all combinations to the jobs that need it', async () => {
    const { harness, view } = await run(
      `jobs:
  test: { strategy: { matrix: { n: [1, 2, 3] }, fail-fast: false }, outputs: { v: "\${{ steps.s.outputs.v }}" }, steps: [{ id: s, uses: t/do:it, with: { n: "\${{ matrix.n }}" } }] }
  sum:
    needs: test
    if: "\${{ always() }}"
    steps: [{ uses: t/do:sum, with: { result: "\${{ needs.test.result }}", all: "\${{ needs.test.combinations.*.result }}", v: "\${{ needs.test.combinations.*.outputs.v }}", first: "\${{ needs.test.combinations[0].matrix.n }}", last: "\${{ needs.test.outputs.v }}" } }]`,
      { handle: (one) => one.handlers.set('do:it', (call) => (call.input['n'] === 2 ? failure() : success({ v: `v${String(call.input['n'])}` }))) },
    );
    expect(view.status).toBe('failed');
    expect(harness.calls.at(-1)?.input).toEqual({ result: 'failed', all: ['success', 'failed', 'success'], v: ['v1', null, 'v3'], first: 1, last: 'v3' });
  });

  it('is what succeeded when its failures are tolerated, and cancels nothing', async () => {
    const { view } = await run(
      `jobs: { test: { continue-on-error: true, strategy: { matrix: { n: [1, 2, 3] }, max-parallel: 1 }, steps: [{ id: s, uses: t/do:it, with: { n: "\${{ matrix.n }}" } }] } }`,
      { handle: (one) => one.handlers.set('do:it', (call) => (call.input['n'] === 1 ? failure() : success())) },
    );
    expect(statuses(view)).toEqual({ test: 'success', 'test.1': 'failed', 'test.2': 'success', 'test.3': 'success' });
    expect(view.status).toBe('success');
  });

  it('tries one combination again without touching the others', async () => {
    let tries = 0;
    const { harness, view } = await run(
      `jobs: { test: { retry: { max: 2, initial: 1ms, jitter: false }, strategy: { matrix: { n: [1, 2, 3] } }, steps: [{ id: s, uses: t/do:it, with: { n: "\${{ matrix.n }}" } }] } }`,
      { handle: (one) => one.handlers.set('do:it', (call) => (call.input['n'] === 2 && ++tries < 3 ? failure() : success())) },
    );
    expect(view.status).toBe('success');
    expect(view.jobs.map((job) => job.attempt)).toEqual([1, 1, 3, 1]);
    expect(harness.calls).toHaveLength(5);
  });
});

describe('max-parallel', () => {
  it.each([1, 2, 3])('lets %i combinations run at once, never more and never fewer while some are left', async (slots) => {
    const harness = await harnessOf(`jobs: { test: { strategy: { max-parallel: ${slots}, matrix: { n: [1, 2, 3, 4, 5, 6, 7] } }, steps: [{ uses: t/do:it }] } }`);
    const running = new Map<string, () => void>();
    harness.handlers.set('do:it', (call) => new Promise((resolve) => running.set(call.job, () => resolve(success()))));
    await harness.worker({ concurrency: 8 });
    const runId = await harness.start('w');
    const begun: string[] = [];
    for (let left = 7; left > 0; left -= 1) {
      await turns(() => running.size === Math.min(slots, left));
      const [key, finish] = [...running].at(left % running.size) ?? [];
      begun.push(...[...running.keys()].filter((one) => !begun.includes(one)));
      if (key !== undefined) running.delete(key);
      expect(harness.calls.length - (7 - left)).toBe(Math.min(slots, left));
      finish?.();
    }
    expect((await harness.end(runId)).status).toBe('success');
    expect(begun).toEqual(Array.from({ length: 7 }, (_, index) => `test.${index + 1}`));
  });

  it('goes on when combinations end all at once without having run', async () => {
    const { view } = await run(
      `jobs: { test: { strategy: { max-parallel: 3, fail-fast: false, matrix: { n: [1, 2, 3, 4, 5, 6, 7, 8] } }, concurrency: { group: "\${{ matrix.n < 7 && fromJSON('no JSON') || matrix.n }}" }, steps: [{ uses: t/do:it }] } }`,
    );
    expect(view.jobs.map((job) => job.status)).toEqual(['failed', ...Array.from({ length: 6 }, () => 'failed'), 'success', 'success']);
  });
});

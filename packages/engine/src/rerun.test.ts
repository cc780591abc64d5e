import type { JsonValue, RunId, RunView } from '@kb-labs/contracts';
import { afterEach, describe, expect, it } from 'vitest';

import { answerApproval } from './answer-approval.js';
import { cancelRun } from './cancel-run.js';
import type { EngineDeps } from './deps.js';
import { dieWhile } from './die-while.fixture.js';
import { failure, type Harness, openHarness, replacing, success, untilAborted } from './harness.fixture.js';
import { rerunRun, type RerunRun, type StartedRerun } from './rerun-run.js';
import { jobIn, statuses, stepIn, viewOnce } from './watch-run.fixture.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

/** Commands that begin with `edit` can change files; the others cannot. */
const pure = (deps: EngineDeps): EngineDeps => ({
  ...deps,
  plugins: replacing(deps.plugins, { mayChangeFiles: (uses) => Promise.resolve(uses.kind === 'plugin' && uses.command.startsWith('edit:')) }),
});

/** What each step answers by its id, with the step's input where it is not given; `fails` fail. */
interface Script {
  answers: Record<string, JsonValue>;
  fails: Set<string>;
  ran: string[];
}

async function scripted(document: string, more: { checkSchema?: EngineDeps['checkSchema'] } = {}): Promise<{ harness: Harness; script: Script }> {
  const harness = await openHarness({ workflows: { 'w.yml': `id: w\n${document}` }, wrap: pure, ...more });
  open.push(harness);
  const script: Script = { answers: {}, fails: new Set(), ran: [] };
  for (const command of ['do:it', 'edit:it']) {
    harness.handlers.set(command, (call) => {
      const id = call.job.includes('.') ? `${call.job}/${call.step}` : call.step;
      script.ran.push(id);
      return script.fails.has(id) ? failure() : success({ v: script.answers[id] ?? call.input['v'] ?? id });
    });
  }
  await harness.worker();
  return { harness, script };
}

async function again(harness: Harness, script: Script, command: Partial<RerunRun> & { runId: string }): Promise<{ started: StartedRerun; view: RunView; ran: string[] }> {
  script.ran.length = 0;
  const started = await rerunRun(harness.deps, { mode: 'failed', by: 'bob', ...command });
  const view = await harness.end(started.run.id as RunId);
  return { started, view, ran: [...script.ran] };
}

const it_ = (id: string, more = ''): string => `{ id: ${id}, uses: t/do:it${more} }`;

const CHAIN = `jobs:
  one: { outputs: { v: "\${{ steps.a.outputs.v }}" }, steps: [${it_('a')}] }
  two: { needs: one, steps: [${it_('b', ', with: { v: "${{ needs.one.outputs.v }}" }')}, ${it_('c', ', with: { v: "${{ steps.b.outputs.v }}" }')}, ${it_('d')}] }
  three: { needs: two, steps: [${it_('e')}] }`;

describe('a rerun of what failed', () => {
  it('keeps jobs and steps that succeeded, says so on the view, and goes on from what failed', async () => {
    const { harness, script } = await scripted(CHAIN);
    script.fails.add('d');
    const runId = await harness.start('w');
    expect((await harness.end(runId)).status).toBe('failed');
    script.fails.clear();
    const { started, view, ran } = await again(harness, script, { runId });
    expect(ran).toEqual(['d', 'e']);
    expect(view).toMatchObject({ status: 'success', rerunOf: runId, trigger: { type: 'manual', actor: 'bob' } });
    expect(jobIn(view, 'one')).toMatchObject({ status: 'success', keptFrom: runId, outputs: { v: 'a' }, reason: { rule: 'kept', message: 'it succeeded, and nothing it depends on has changed' } });
    expect(stepIn(view, 'one', 'a')).toMatchObject({ status: 'success', keptFrom: runId, outputs: { v: 'a' } });
    expect(stepIn(view, 'two', 'b')).toMatchObject({ keptFrom: runId, reason: { rule: 'kept', message: 'its inputs are the same, and no step before it ran again' } });
    expect(stepIn(view, 'two', 'd').keptFrom).toBeUndefined();
    expect(started.keeps.map((choice) => [choice.job, choice.step])).toEqual([['one', undefined], ['two', 'b'], ['two', 'c']]);
    expect(started.again).toEqual([{ job: 'two', step: 'd', why: 'it failed' }, { job: 'three', why: 'it was skipped: its condition is asked again' }]);
  });

  it('can be made of a rerun, whose kept results are kept again', async () => {
    const { harness, script } = await scripted(CHAIN);
    script.fails.add('d');
    const runId = await harness.start('w');
    await harness.end(runId);
    const second = await again(harness, script, { runId });
    expect(second.ran).toEqual(['d']);
    script.fails.clear();
    const third = await again(harness, script, { runId: second.view.id });
    expect(third.ran).toEqual(['d', 'e']);
    expect(third.view.status).toBe('success');
    expect(jobIn(third.view, 'one')).toMatchObject({ keptFrom: second.view.id, outputs: { v: 'a' } });
  });

  it('keeps the artifacts of what it keeps', async () => {
    const { harness, script } = await scripted(`jobs:
  one: { artifacts: { produce: [out] }, steps: [{ id: a, uses: t/do:store }] }
  two: { needs: one, artifacts: { consume: [out] }, steps: [${it_('b')}] }`);
    harness.handlers.set('do:store', async (call) => {
      script.ran.push('a');
      await call.saveArtifact({ name: 'out', type: 'text', content: new TextEncoder().encode('kept') });
      return success();
    });
    script.fails.add('b');
    const runId = await harness.start('w');
    await harness.end(runId);
    script.fails.clear();
    const { view, ran } = await again(harness, script, { runId });
    expect([view.status, ran]).toEqual(['success', ['b']]);
    expect(view.artifacts.map((artifact) => [artifact.job, artifact.step, artifact.name])).toEqual([['one', 'a', 'out']]);
    expect(harness.calls.at(-1)?.consumed.map((artifact) => artifact.handle.name)).toEqual(['out']);
  });

  it('takes the plan, the inputs and the values of the configuration as they were, also when the document is gone', async () => {
    const workflows: Record<string, string> = { 'w.yml': `id: w\ninputs: { x: { type: string } }\nenv: { E: "\${{ vars.region }}" }\njobs: { a: { steps: [{ id: s, uses: t/do:it, with: { v: "\${{ inputs.x }} \${{ env.E }}" } }] } }` };
    const harness = await openHarness({ workflows });
    const gone = await openHarness({ workflows: {}, wrap: (deps) => ({ ...deps, log: harness.deps.log, queue: harness.deps.queue, catalog: harness.deps.catalog, claims: harness.deps.claims, vars: { region: 'us' } }) });
    open.push(harness, gone);
    harness.handlers.set('do:it', () => failure());
    await harness.worker();
    const runId = await harness.start('w', { x: 'first' });
    await harness.end(runId);
    const { run } = await rerunRun(gone.deps, { runId, mode: 'all', by: 'bob' });
    await harness.end(run.id as RunId);
    expect(harness.calls.map((call) => call.input)).toEqual([{ v: 'first eu' }, { v: 'first eu' }]);
  });

  it('keeps the combinations of a matrix one by one', async () => {
    const { harness, script } = await scripted(`jobs:
  m: { strategy: { fail-fast: false, max-parallel: 2, matrix: { n: [1, 2, 3, 4, 5, 6] } }, steps: [${it_('a', ', with: { v: "${{ matrix.n }}" }')}, ${it_('b')}] }
  after: { needs: m, steps: [${it_('c', ', with: { v: "${{ needs.m.combinations.*.result }}" }')}] }`);
    script.fails.add('m.3/b').add('m.6/a');
    const runId = await harness.start('w');
    await harness.end(runId);
    script.fails.clear();
    const { view, ran } = await again(harness, script, { runId });
    expect(ran.toSorted()).toEqual(['c', 'm.3/b', 'm.6/a', 'm.6/b']);
    expect(view.jobs.map((job) => [job.key, job.status, job.keptFrom === runId])).toEqual([
      ['m', 'success', false],
      ['m.1', 'success', true],
      ['m.2', 'success', true],
      ['m.3', 'success', false],
      ['m.4', 'success', true],
      ['m.5', 'success', true],
      ['m.6', 'success', false],
      ['after', 'success', false],
    ]);
  });

  it('runs combinations again whose values have changed', async () => {
    const { harness, script } = await scripted(`jobs:
  p: { outputs: { v: "\${{ toJSON(steps.p.outputs.v) }}" }, steps: [${it_('p')}] }
  m: { needs: p, strategy: { fail-fast: false, matrix: { n: "\${{ fromJSON(needs.p.outputs.v) }}" } }, steps: [${it_('a', ', with: { v: "${{ matrix.n }}" }')}] }`);
    script.answers['p'] = [1, 2, 3];
    script.fails.add('m.2/a');
    const runId = await harness.start('w');
    await harness.end(runId);
    script.fails.clear();
    script.answers['p'] = [1, 5];
    const { view, ran } = await again(harness, script, { runId, mode: 'from', from: 'p' });
    expect(ran).toEqual(['p', 'm.2/a']);
    expect(statuses(view)).toEqual({ p: 'success', m: 'success', 'm.1': 'success', 'm.2': 'success' });
    // Its job needs what came out differently; its step is given the same as before.
    expect([jobIn(view, 'm.1').keptFrom, stepIn(view, 'm.1', 'a').keptFrom]).toEqual([undefined, runId]);
  });

  it('goes on with a run that was cancelled', async () => {
    const { harness, script } = await scripted(`jobs: { one: { steps: [${it_('a')}] }, two: { needs: one, steps: [${it_('b')}, { id: stuck, uses: t/do:stuck }] } }`);
    const steps = untilAborted();
    harness.handlers.set('do:stuck', steps.handler);
    const runId = await harness.start('w');
    await steps.begun;
    await cancelRun(harness.deps, { runId, by: 'ada' });
    expect((await harness.end(runId)).status).toBe('cancelled');
    harness.handlers.set('do:stuck', () => success());
    const { view, ran } = await again(harness, script, { runId });
    expect([view.status, ran]).toEqual(['success', []]);
    expect(stepIn(view, 'two', 'b').keptFrom).toBe(runId);
  });

  it('goes on with a run that was quarantined', async () => {
    const harness = await openHarness({ workflows: { 'w.yml': `id: w\njobs: { one: { steps: [{ id: a, uses: t/do:first }, { id: deadly, uses: t/do:it }] } }` } });
    open.push(harness);
    const runId = await harness.start('w');
    for (let times = 0; times < 3; times += 1) {
      const { handler, begun } = untilAborted();
      await dieWhile(await harness.another(), { handler, begun });
    }
    await harness.worker();
    expect((await harness.end(runId)).status).toBe('quarantined');
    const { run } = await rerunRun(harness.deps, { runId, mode: 'failed', by: 'bob' });
    const view = await harness.end(run.id as RunId);
    expect(view.status).toBe('success');
    expect(stepIn(view, 'one', 'a').keptFrom).toBe(runId);
    expect(harness.calls.map((call) => call.step)).toEqual(['deadly']);
  });

  it('works for jobs with names that all objects know', async () => {
    const { harness, script } = await scripted(`jobs: { constructor: { steps: [${it_('a')}] }, toString: { needs: constructor, steps: [${it_('b')}] } }`);
    script.fails.add('b');
    const runId = await harness.start('w');
    await harness.end(runId);
    script.fails.clear();
    expect((await again(harness, script, { runId })).ran).toEqual(['b']);
    expect((await again(harness, script, { runId, mode: 'all' })).ran).toEqual(['a', 'b']);
  });
});

describe('a rerun', () => {
  it('of everything keeps nothing', async () => {
    const { harness, script } = await scripted(CHAIN);
    const runId = await harness.start('w');
    await harness.end(runId);
    const { started, view, ran } = await again(harness, script, { runId, mode: 'all' });
    expect(ran).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(view.jobs.every((job) => job.keptFrom === undefined)).toBe(true);
    expect([started.keeps, started.again.length]).toEqual([[], 3]);
  });

  it('from a step keeps what stands before it, and after it what reads the same as before', async () => {
    const { harness, script } = await scripted(CHAIN);
    const runId = await harness.start('w');
    await harness.end(runId);
    const { ran, view } = await again(harness, script, { runId, mode: 'from', from: 'two/c' });
    expect(ran).toEqual(['c', 'd']);
    expect(jobIn(view, 'three').keptFrom).toBe(runId);
    expect(stepIn(view, 'two', 'b').keptFrom).toBe(runId);
  });

  it('runs again what reads an output that has changed', async () => {
    const { harness, script } = await scripted(CHAIN);
    const runId = await harness.start('w');
    await harness.end(runId);
    script.answers['a'] = 'new';
    const { ran, view } = await again(harness, script, { runId, mode: 'from', from: 'a' });
    expect(ran).toEqual(['a', 'b', 'c', 'd']);
    expect(jobIn(view, 'three').keptFrom).toBe(runId);
    expect(stepIn(view, 'two', 'b').outputs).toEqual({ v: 'new' });
  });

  it.each([
    ['a job as a whole', ''],
    ['its steps, of a job that failed', 'd'],
  ])('runs again what comes after a job that may have changed files: %s', async (_, fails) => {
    const { harness, script } = await scripted(`jobs:
  one: { steps: [{ id: a, uses: t/edit:it }] }
  side: { steps: [${it_('s')}] }
  between: { needs: one, steps: [${it_('m')}] }
  two: { needs: between, steps: [${it_('b')}, ${it_('d')}] }`);
    if (fails !== '') script.fails.add(fails);
    const runId = await harness.start('w');
    await harness.end(runId);
    script.fails.clear();
    const { ran, view } = await again(harness, script, { runId, mode: 'from', from: 'a' });
    expect(ran).toEqual(['a', 'm', 'b', 'd']);
    expect(jobIn(view, 'side').keptFrom).toBe(runId);
  });

  it('runs a step again whose job ran another before it again', async () => {
    const { harness, script } = await scripted(`jobs: { one: { steps: [${it_('a')}, ${it_('b')}, ${it_('c')}] } }`);
    script.fails.add('c');
    const runId = await harness.start('w');
    await harness.end(runId);
    const { ran } = await again(harness, script, { runId, mode: 'from', from: 'one/a' });
    expect(ran).toEqual(['a', 'b', 'c']);
  });

  it('keeps a step once: it runs when its job is tried again, and when a gate sends the job back to it', async () => {
    const { harness, script } = await scripted(`jobs:
  tried: { retry: { max: 1, initial: 1ms }, steps: [${it_('a')}, ${it_('b')}] }
  sent: { steps: [${it_('c')}, ${it_('d')}, { id: g, uses: "builtin:gate", with: { decision: "\${{ steps.d.outputs.v }}", routes: { go: continue, back: { restart-from: c } } } }] }`);
    script.fails.add('b').add('d');
    const runId = await harness.start('w');
    await harness.end(runId);
    const tries = { b: [failure(), success()], d: [success({ v: 'back' }), success({ v: 'go' })] };
    harness.handlers.set('do:it', ({ step }) => {
      script.ran.push(step);
      return (step === 'b' || step === 'd' ? tries[step].shift() : undefined) ?? success({ v: step });
    });
    const { ran, view } = await again(harness, script, { runId });
    expect(view.status).toBe('success');
    expect([ran.filter((step) => 'ab'.includes(step)), ran.filter((step) => 'cd'.includes(step))]).toEqual([['b', 'a', 'b'], ['d', 'c', 'd']]);
  });

  it('runs again what is given the digest of files, which nobody knows from then', async () => {
    const { harness, script } = await scripted(`jobs:
  one: { steps: [${it_('a')}, ${it_('b', ', with: { v: "${{ hashFiles(\'*.ts\') }}" }')}, ${it_('c')}] }
  two: { steps: [${it_('d')}] }`);
    script.fails.add('d');
    const runId = await harness.start('w');
    await harness.end(runId);
    script.fails.clear();
    const { ran, started, view } = await again(harness, script, { runId });
    expect(ran.toSorted()).toEqual(['b', 'c', 'd']);
    expect(stepIn(view, 'one', 'a').keptFrom).toBe(runId);
    expect(started.again).toContainEqual({ job: 'one', step: 'b', why: 'what it is given depends on files' });
  });

  it('is refused for a run that is open, one that succeeded, and a step that is not there', async () => {
    const { harness } = await scripted(`jobs: { one: { steps: [${it_('a')}, { id: stuck, uses: t/do:stuck }] } }`);
    const steps = untilAborted();
    harness.handlers.set('do:stuck', steps.handler);
    const runId = await harness.start('w');
    await steps.begun;
    await expect(rerunRun(harness.deps, { runId, mode: 'all', by: 'bob' })).rejects.toMatchObject({ code: 'RERUN_INVALID' });
    await cancelRun(harness.deps, { runId, by: 'ada' });
    await harness.end(runId);
    await expect(rerunRun(harness.deps, { runId, mode: 'from', from: 'nothing', by: 'bob' })).rejects.toMatchObject({ code: 'STEP_NOT_FOUND' });
    const ofJob = rerunRun(harness.deps, { runId, mode: 'from', from: 'one', by: 'bob' });
    await expect(ofJob).rejects.toMatchObject({ code: 'STEP_NOT_FOUND', hint: '"one" is a job: "one/a" is its first step' });
    await expect(rerunRun(harness.deps, { runId: 'run_0', mode: 'all', by: 'bob' })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    harness.handlers.set('do:stuck', () => success());
    const good = await harness.start('w');
    await harness.end(good);
    await expect(rerunRun(harness.deps, { runId: good, mode: 'failed', by: 'bob' })).rejects.toMatchObject({ code: 'RERUN_INVALID' });
  });
});

describe('an approval in a rerun', () => {
  const DEPLOY = `jobs:
  build: { outputs: { v: "\${{ steps.build.outputs.v }}" }, steps: [${it_('build')}] }
  deploy: { needs: build, steps: [{ id: ask, uses: "builtin:approval", with: { title: "Deploy \${{ needs.build.outputs.v }}?" } }, ${it_('deploy')}] }`;

  async function failedAfterApproval(): Promise<{ harness: Harness; script: Script; runId: RunId }> {
    const { harness, script } = await scripted(DEPLOY);
    script.answers['build'] = 'one';
    script.fails.add('deploy');
    const runId = await harness.start('w');
    await viewOnce(harness, runId, (view) => stepIn(view, 'deploy', 'ask').status === 'waiting_approval');
    await answerApproval(harness.deps, { runId, step: 'ask', decision: 'approved', by: 'ada' });
    expect((await harness.end(runId)).status).toBe('failed');
    script.fails.clear();
    return { harness, script, runId };
  }

  it('stands while what was approved is the same, even when the step before it ran again', async () => {
    const { harness, script, runId } = await failedAfterApproval();
    const { ran, view } = await again(harness, script, { runId, mode: 'from', from: 'build' });
    expect(ran).toEqual(['build', 'deploy']);
    expect(stepIn(view, 'deploy', 'ask')).toMatchObject({ keptFrom: runId, outputs: { approver: 'ada' }, reason: { message: 'what was approved has not changed' } });
  });

  it('is asked again when what was approved has changed', async () => {
    const { harness, script, runId } = await failedAfterApproval();
    script.answers['build'] = 'two';
    const { run } = await rerunRun(harness.deps, { runId, mode: 'from', from: 'build', by: 'bob' });
    const view = await viewOnce(harness, run.id as RunId, (now) => stepIn(now, 'deploy', 'ask').status === 'waiting_approval');
    expect(stepIn(view, 'deploy', 'ask').waitsFor).toMatchObject({ title: 'Deploy two?' });
    await answerApproval(harness.deps, { runId: run.id, step: 'ask', decision: 'approved', by: 'eve' });
    expect((await harness.end(run.id as RunId)).status).toBe('success');
  });

  it('that was rejected is asked again', async () => {
    const { harness } = await scripted(DEPLOY);
    const runId = await harness.start('w');
    await viewOnce(harness, runId, (view) => stepIn(view, 'deploy', 'ask').status === 'waiting_approval');
    await answerApproval(harness.deps, { runId, step: 'ask', decision: 'rejected', by: 'ada' });
    await harness.end(runId);
    const { run } = await rerunRun(harness.deps, { runId, mode: 'failed', by: 'bob' });
    const view = await viewOnce(harness, run.id as RunId, (now) => stepIn(now, 'deploy', 'ask').status === 'waiting_approval');
    expect(jobIn(view, 'build').keptFrom).toBe(runId);
    await cancelRun(harness.deps, { runId: run.id, by: 'ada' });
  });
});

import { once } from 'node:events';

import type { JsonObject, Page, RunView } from '@kb-labs/contracts';
import { afterAll, describe, expect, it } from 'vitest';

import { announced, ControlProject, isWaiting, instant, job, jobStatuses, step } from './control.fixture.js';
import { TerminalSession } from './terminal.fixture.js';

const project = new ControlProject();
afterAll(() => project.remove());

function stepStatuses(view: RunView, key: string): Record<string, string> {
  return Object.fromEntries(job(view, key).steps.map((one) => [one.id, one.status]));
}

describe('what waits for people and other systems', () => {
  it('approval waits for one of two people and the answers of its form, from another process', async () => {
    const runId = await project.begin('approval');
    await project.until(runId, (view) => step(view, 'deploy/ask').status === 'waiting_approval');
    const { items } = await project.json<Page<JsonObject>>('workflow:approvals');
    expect(items).toMatchObject([{ runId, step: 'ask', title: 'Deploy 1.4.0?', approvers: ['ada', 'grace'], context: { version: '1.4.0' } }]);
    const why = (await project.explain(runId)).nodes.find((node) => node.step === 'ask');
    expect(why).toMatchObject({ reason: { rule: 'approval' }, missing: { kind: 'approval', approvers: ['ada', 'grace'] } });

    const approve = (...args: string[]) => project.kb('workflow:approve', `--run-id=${runId}`, '--step-id=ask', ...args);
    expect((await approve('--as=mallory', '--data={"region":"eu"}')).code, 'not one of the approvers').toBe(4);
    expect((await approve('--as=ada', '--data={"region":"mars"}')).code, 'no answer the form knows').toBe(2);
    expect((await approve('--as=ada', '--data={"region":"eu","percent":10}', '--comment=go')).code).toBe(0);
    expect((await approve('--as=grace', '--data={"region":"us"}')).code, 'decided already').toBe(6);
    const view = await project.end(runId);
    expect(view).toMatchObject({ status: 'success', outputs: { deployed: '1.4.0 to eu' } });
    expect(step(view, 'deploy/ask').outputs).toMatchObject({ decision: 'approved', approver: 'ada', comment: 'go', region: 'eu', percent: 10 });
  });

  it('approval, rejected, ends as failed and deploys nothing', async () => {
    const runId = await project.begin('approval');
    await project.until(runId, isWaiting);
    expect((await project.kb('workflow:reject', `--run-id=${runId}`, '--step-id=ask', '--as=grace', '--comment=not on a Friday')).code).toBe(0);
    const view = await project.end(runId);
    expect(view).toMatchObject({ status: 'failed', error: { code: 'APPROVAL_REJECTED' } });
    expect(step(view, 'deploy/push').status).toBe('skipped');
  });

  it('confirm asks in the terminal that follows the run', async () => {
    const terminal = new TerminalSession(project, ['workflow:run', '--workflow-id=confirm']);
    await terminal.shows(/Clear the cache\?/);
    await terminal.shows(/Approve\?/);
    terminal.type('y');
    terminal.type('\r');
    terminal.type('\r');
    expect(await terminal.ended, terminal.text).toBe(0);
    const [runId = ''] = /run_[0-9A-Z]{26}/.exec(terminal.text) ?? [];
    expect(step(await project.status(runId), 'clear/ask').outputs).toMatchObject({ decision: 'approved' });
  });

  it('signal goes on with what was sent along', async () => {
    const runId = await project.begin('signal');
    await project.until(runId, isWaiting);
    expect((await project.explain(runId)).nodes.find((node) => node.step === 'stock')).toMatchObject({ missing: { kind: 'signal', name: 'stock-arrived' } });
    expect((await project.kb('workflow:signal', 'stock-arived')).code, 'nothing waits for that').toBe(5);
    const sent = await project.json<JsonObject>('workflow:signal', 'stock-arrived', '--data={"pieces":12}');
    expect(sent).toEqual({ name: 'stock-arrived', resumed: [{ runId, job: 'ship', step: 'stock' }] });
    expect(await project.end(runId)).toMatchObject({ status: 'success', outputs: { pieces: 12 } });
  });

  it('callback goes on once its own address is called', async () => {
    const runId = await project.begin('callback');
    const waiting = await project.until(runId, isWaiting);
    const address = String(step(waiting, 'scan/order').outputs['address']);
    expect(step(waiting, 'scan/answer').waitsFor).toMatchObject({ kind: 'callback' });
    expect((await project.kb('workflow:callback', `${address.slice(0, -1)}${address.endsWith('A') ? 'B' : 'A'}`)).code, 'another address').toBe(5);
    expect((await project.kb('workflow:callback', address, '--data={"verdict":"clean"}')).code).toBe(0);
    expect(await project.end(runId)).toMatchObject({ status: 'success', outputs: { verdict: 'clean' } });
  });

  it('sleep wakes when it is due, also when its process was killed meanwhile', async () => {
    const child = project.start('workflow:run', '--workflow-id=sleep', '-f', 'pause=3s');
    const runId = await announced(child);
    await project.until(runId, isWaiting);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect((await project.kb('workflow:resume', `--run-id=${runId}`)).code).toBe(0);
    const { startedAt, finishedAt } = step(await project.status(runId), 'nap/pause');
    expect(instant(finishedAt) - instant(startedAt)).toBeGreaterThanOrEqual(3_000);
  });
});

describe('gates and hooks', () => {
  it('review-loop goes back until it is good', async () => {
    const view = await project.run('review-loop', '-f', 'rounds=2');
    expect(view).toMatchObject({ status: 'success', outputs: { text: 'draft made shorter' } });
    expect(step(view, 'write/draft').iteration).toBe(3);
    expect((await project.run('review-loop', '-f', 'rounds=0')).outputs).toEqual({ text: 'draft as it came' });
  });

  it('review-loop gives up after three times', async () => {
    const view = await project.run('review-loop', '-f', 'rounds=9');
    expect(view).toMatchObject({ status: 'failed', error: { code: 'GATE_EXHAUSTED' } });
    expect(step(view, 'write/judge').iteration).toBe(3);
  });

  it('hooks run for the outcomes they are for', async () => {
    const well = await project.run('hooks');
    expect(stepStatuses(well, 'work')).toEqual({ 'start-database': 'success', test: 'success', praise: 'success', 'collect-logs': 'skipped', 'stop-database': 'success' });
    expect(well.phases).toEqual([
      { id: 'prepare', label: 'Prepare', status: 'success' },
      { id: 'work', label: 'Work', status: 'success' },
      { id: 'tidy', label: 'Tidy up', status: 'success' },
    ]);
    const broken = await project.run('hooks', '-f', 'break=true');
    expect(broken.status).toBe('failed');
    expect(stepStatuses(broken, 'work')).toEqual({ 'start-database': 'success', test: 'failed', praise: 'skipped', 'collect-logs': 'success', 'stop-database': 'success' });
    expect(step(broken, 'work/collect-logs').outputs['stdout']).toContain('failed: failed');
  });
});

describe('artifacts', () => {
  it('travel from job to job, are shown as what they are, and grow from run to run', async () => {
    const view = await project.run('artifacts');
    expect(view.status).toBe('success');
    expect(view.artifacts.map((one) => `${one.job} ${one.name} ${one.type}`).toSorted()).toEqual([
      'browser preview link',
      'browser sizes.csv table',
      'build dist/app.js file',
      'build dist/assets/app.css file',
      'build notes.md markdown',
      'collect cases.csv table',
      'collect cases.csv table',
      'unit cases.csv table',
      'unit totals.json json',
    ]);
    expect(await download(view.id, 'cases.csv')).toBe('case,ms\nunit,3\nbrowser,9\n');
    expect(await download(view.id, 'sizes.csv')).toBe('file,bytes\napp.js,21\n');

    const second = await project.run('trend', '-f', `after=${view.id}`);
    const third = await project.run('trend', '-f', `after=${second.id}`);
    expect(JSON.parse(await download(third.id, 'totals.json'))).toEqual({ cases: 3, runs: [view.id, second.id, third.id] });
  });

  it('large-output keeps what is too large as an artifact, for the next job to read', async () => {
    const view = await project.run('large-output');
    expect(view).toMatchObject({ status: 'success', outputs: { lines: 50_000 } });
    const [artifact] = view.artifacts;
    expect(artifact).toMatchObject({ name: 'outputs/dump/rows.txt', type: 'text' });
    expect(artifact?.bytes).toBeGreaterThan(1024 * 1024);
    expect(step(view, 'export/dump').outputs['rows']).toEqual({ artifact: artifact?.name, bytes: artifact?.bytes, digest: artifact?.digest });
  });

  async function download(runId: string, name: string): Promise<string> {
    const answer = await project.kb('workflow:artifacts', `--run-id=${runId}`, `--download=${name}`, '--output=-');
    expect(answer.code, answer.stderr).toBe(0);
    return answer.stdout;
  }
});

describe('explain and rerun', () => {
  it('a failed run says why, and run again keeps what has not changed', async () => {
    const failed = await project.run('rerun');
    expect(jobStatuses(failed)).toEqual({ compile: 'success', test: 'failed', release: 'skipped' });
    const why = await project.explain(failed.id);
    expect(why.nodes.map((node) => [node.job, node.step, node.status])).toEqual([
      ['test', undefined, 'failed'],
      ['test', 'check', 'failed'],
      ['release', undefined, 'skipped'],
    ]);
    expect(why.nodes[1]?.error).toMatchObject({ code: 'EXIT_CODE' });
    expect(why.nodes[2]?.reason).toMatchObject({ rule: 'needs', values: { 'needs.test.result': 'failed' } });

    project.write('ready', '');
    const { first, view } = await rerun(failed.id, '--failed');
    expect(first).toMatchObject({
      rerunOf: failed.id,
      keeps: [{ job: 'compile' }, { job: 'test', step: 'install' }],
      again: [{ job: 'test', step: 'check' }, { job: 'release' }],
    });
    expect(view).toMatchObject({ status: 'success', rerunOf: failed.id, outputs: { released: failed.id } });
    expect([job(view, 'compile').keptFrom, step(view, 'test/install').keptFrom, step(view, 'test/check').keptFrom]).toEqual([failed.id, failed.id, undefined]);

    const from = (await rerun(failed.id, '--from=test/install')).view;
    expect([job(from, 'compile').keptFrom, step(from, 'test/install').keptFrom]).toEqual([failed.id, undefined]);
    const all = (await rerun(failed.id)).view;
    expect(all).toMatchObject({ status: 'success', outputs: { released: all.id } });
    expect((await project.kb('workflow:rerun', `--run-id=${all.id}`, '--failed')).code, 'nothing failed').toBe(6);
  });

  /** What was said first, and how it ended. */
  async function rerun(runId: string, ...args: string[]): Promise<{ first: JsonObject; view: RunView }> {
    const answer = await project.kb('workflow:rerun', `--run-id=${runId}`, ...args, '--json');
    const lines = answer.stdout.trim().split('\n');
    return { first: JSON.parse(lines[0] ?? '') as JsonObject, view: JSON.parse(lines.at(-1) ?? '') as RunView };
  }
});

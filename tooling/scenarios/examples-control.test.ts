import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Diagnostic, Page, RunSummaryView, RunView } from '@kb-labs/contracts';
import { afterAll, describe, expect, it } from 'vitest';

import { announced, ControlProject, instant, isWaiting, job, jobStatuses, step } from './control.fixture.js';
import { Project, repository } from './project.fixture.js';

const folder = join(repository, 'examples/control/.kb/workflows');
const documents = readdirSync(folder);
const project = new ControlProject();
afterAll(() => project.remove());

describe('the examples of waiting, fan-out and control', () => {
  it('are valid', async () => {
    const { diagnostics, workflows } = await project.json<{ diagnostics: Diagnostic[]; workflows: { id: string }[] }>('workflow:validate');
    expect(diagnostics).toEqual([]);
    expect(workflows.map((one) => `${one.id}.yml`).toSorted()).toEqual(documents.toSorted());
  });

  it('say first what they show and what to type, and are listed in the README', () => {
    const readme = readFileSync(join(repository, 'examples/control/README.md'), 'utf8');
    for (const name of documents) {
      const comment = readFileSync(join(folder, name), 'utf8').split(/^id:/m)[0] ?? '';
      expect(comment, name).toMatch(/^# .+\n# .*kb workflow:[^\n]+\n$/);
      expect(readme, name).toContain(`(.kb/workflows/${name})`);
    }
  });
});

describe('matrix and fan-out', () => {
  it('matrix runs every combination as a job of its own, with its own log', async () => {
    const view = await project.run('matrix');
    expect(view).toMatchObject({ status: 'success', outputs: { labels: 'linux-20, linux-22 with coverage, mac-22, linux-24' } });
    expect(view.jobs.filter((one) => one.combinationOf === 'test').map((one) => one.matrix)).toEqual([
      { node: 20, os: 'linux' },
      { node: 22, os: 'linux', coverage: true },
      { node: 22, os: 'mac' },
      { node: 24, os: 'linux' },
    ]);
    const log = await project.json<Page<{ job: string; text: string }>>('workflow:logs', `--run-id=${view.id}`, '--job=test.3');
    expect(log.items.map((line) => `${line.job}: ${line.text}`)).toEqual(['test.3: 2 of 4: node 22']);
  });

  it('fan-out makes jobs of a list that a job has left, and reads what each of them left', async () => {
    const view = await project.run('fan-out', '-f', 'words=["one","three","seven!"]');
    expect(view).toMatchObject({ status: 'success', outputs: { total: 14, longest: 'seven!' } });
    expect(view.jobs.flatMap((one) => (one.combinationOf === undefined ? [] : [[one.key, one.matrix, one.outputs]]))).toEqual([
      ['measure.1', { word: 'one' }, { length: 3 }],
      ['measure.2', { word: 'three' }, { length: 5 }],
      ['measure.3', { word: 'seven!' }, { length: 6 }],
    ]);
  });

  it('fan-out over nothing skips the job, and says so', async () => {
    const view = await project.run('fan-out', '-f', 'words=[]');
    expect(jobStatuses(view)).toEqual({ plan: 'success', measure: 'skipped', collect: 'skipped' });
    expect(job(view, 'measure').reason?.rule).toBe('matrix');
  });

  it('fail-fast stops what runs and what has not begun', async () => {
    const answer = await project.kb('workflow:run', '--workflow-id=fail-fast', '--json');
    expect(answer.code).toBe(1);
    const view = JSON.parse(answer.stdout) as RunView;
    expect(jobStatuses(view)).toEqual({ shard: 'failed', 'shard.1': 'cancelled', 'shard.2': 'failed', 'shard.3': 'cancelled', 'shard.4': 'cancelled' });
    expect(job(view, 'shard.1').startedAt).not.toBeNull();
    for (const key of ['shard.3', 'shard.4']) expect(job(view, key), 'two at once').toMatchObject({ startedAt: null, reason: { rule: 'fail-fast' } });
    expect(view.durationMs, 'the other shard would have taken 30 s').toBeLessThan(25_000);
  });
});

describe('groups and order', () => {
  it('deploy lets one run per target go on; the next one waits, names the holder, and starts after it', async () => {
    const first = await project.begin('deploy', '-f', 'takes=1h');
    await project.until(first, isWaiting);
    const second = await project.begin('deploy', '-f', 'takes=0s');
    const elsewhere = await project.run('deploy', '-f', 'takes=0s', '-f', 'target=us');
    const why = await project.explain(second);
    expect(why.nodes.flatMap((node) => (node.missing?.kind === 'lock' ? [node.missing] : []))).toContainEqual(
      expect.objectContaining({ group: 'deploy-eu', heldBy: { runId: first, job: null } }),
    );
    expect(elsewhere.status).toBe('success');
    expect((await project.status(second)).startedAt).toBeNull();
    await project.kb('workflow:cancel', `--run-id=${first}`);
    const [one, two] = [await project.end(first), await project.end(second)];
    expect([one.status, two.status]).toEqual(['cancelled', 'success']);
    expect(instant(two.startedAt)).toBeGreaterThanOrEqual(instant(one.finishedAt));
  });

  it('preview cancels the run in progress', async () => {
    const first = await project.begin('preview', '-f', 'takes=1h');
    await project.until(first, isWaiting);
    expect((await project.run('preview', '-f', 'takes=0s')).status).toBe('success');
    expect((await project.end(first)).status).toBe('cancelled');
  });

  it('index-search keeps the one in progress and the latest', async () => {
    const first = await project.begin('index-search', '-f', 'takes=1h');
    await project.until(first, isWaiting);
    const second = await project.begin('index-search', '-f', 'takes=0s');
    const third = await project.begin('index-search', '-f', 'takes=0s');
    expect((await project.end(second)).status).toBe('cancelled');
    expect((await project.status(first)).status).toBe('waiting');
    await project.kb('workflow:cancel', `--run-id=${first}`);
    const [one, three] = [await project.end(first), await project.end(third)];
    expect([one.status, three.status]).toEqual(['cancelled', 'success']);
    expect(instant(three.startedAt)).toBeGreaterThanOrEqual(instant(one.finishedAt));
  });

  it('database runs the two jobs that share a lock one after the other', async () => {
    const view = await project.run('database');
    expect(view.status).toBe('success');
    const [first, second] = [job(view, 'migrate-users'), job(view, 'migrate-orders')];
    expect(instant(second.startedAt)).toBeGreaterThanOrEqual(instant(first.finishedAt));
    expect(instant(job(view, 'assets').startedAt)).toBeLessThan(instant(first.finishedAt));
  });

  it('priority hands out the urgent job first where one job runs at once', async () => {
    const narrow = new Project({ '.kb/kb.config.yaml': 'limits: { running-jobs: 1 }\n' });
    narrow.copy('examples/control/.kb/workflows/priority.yml', '.kb/workflows/priority.yml');
    const view = await narrow.json<RunView>('workflow:run', '--workflow-id=priority');
    narrow.remove();
    const started = view.jobs.toSorted((a, b) => instant(a.startedAt) - instant(b.startedAt));
    expect(started.map((one) => one.key)).toEqual(['hotfix', 'build', 'cleanup']);
    expect(instant(started[1]?.startedAt ?? null)).toBeGreaterThanOrEqual(instant(started[0]?.finishedAt ?? null));
  });
});

describe('limits, retries and crashes', () => {
  it('time-limits ends a step, a job and the run in their time', async () => {
    const answer = await project.kb('workflow:run', '--workflow-id=time-limits', '--json');
    expect(answer.code).toBe(1);
    const view = JSON.parse(answer.stdout) as RunView;
    expect(view).toMatchObject({ status: 'failed', error: { code: 'RUN_TIMEOUT' } });
    expect(step(view, 'step/slow')).toMatchObject({ status: 'failed', error: { code: 'STEP_TIMEOUT' } });
    expect(step(view, 'step/step-2').outputs['stdout']).toContain('the step ended as failed');
    expect(job(view, 'job')).toMatchObject({ status: 'failed', error: { code: 'JOB_TIMEOUT' } });
    expect(job(view, 'run').status).toBe('cancelled');
    expect(view.durationMs).toBeGreaterThanOrEqual(1_500);
  });

  it('job-retry runs the job three times, from its first step', async () => {
    const view = await project.run('job-retry');
    expect(view).toMatchObject({ status: 'success', outputs: { attempt: '3' } });
    expect(job(view, 'fetch').attempt).toBe(3);
    const { items } = await project.json<Page<{ text: string }>>('workflow:logs', `--run-id=${view.id}`, '--step=step-1');
    expect(items.map((line) => line.text)).toEqual(['downloading', 'downloading', 'downloading']);
  });

  it('interrupted repeats the step that may be repeated, and fails the one that may not', async () => {
    const child = project.start('workflow:run', '--workflow-id=interrupted', '-f', 'seconds=3');
    const runId = await announced(child);
    await project.until(runId, (view) => step(view, 'index/build').status === 'running' && step(view, 'pay/charge').status === 'running');
    child.kill('SIGKILL');
    await once(child, 'close');
    const resumed = await project.kb('workflow:resume', `--run-id=${runId}`);
    expect(resumed.code).toBe(1);
    const view = await project.status(runId);
    expect(step(view, 'index/build')).toMatchObject({ status: 'success', attempt: 2 });
    expect(step(view, 'pay/charge')).toMatchObject({ status: 'failed', attempt: 1, error: { code: 'STEP_INTERRUPTED' } });
  });
});

describe('workflows that start others', () => {
  it('release waits for what it calls, goes on beside what it starts, and sets off what listens to it', async () => {
    const view = await project.run('release');
    expect(view).toMatchObject({ status: 'success', outputs: { files: 'core-beta.tgz cli-beta.tgz' } });
    const children = await Promise.all(['package.1', 'package.2'].map((key) => project.status(step(view, `${key}/call`).childRunId ?? '')));
    for (const [index, child] of children.entries()) {
      expect(child).toMatchObject({ status: 'success', workflowId: 'package', parent: { id: view.id, workflowId: 'release', job: `package.${index + 1}`, step: 'call' } });
    }
    const announced = await project.end(step(view, 'publish/tell').childRunId ?? '');
    expect(announced).toMatchObject({ status: 'success', workflowId: 'announce', outputs: { told: 'released core-beta.tgz cli-beta.tgz' }, parent: { id: view.id } });

    const { items } = await project.json<Page<RunSummaryView>>('workflow:list-runs', '--workflow-id=after-release');
    expect(items).toHaveLength(1);
    const after = await project.end(items[0]?.id ?? '');
    expect(after).toMatchObject({ status: 'success', trigger: { type: 'workflow' }, outputs: { after: view.id }, parent: { id: view.id, step: null } });
    expect((await project.kb('workflow:run', '--workflow-id=after-release')).code, 'nobody starts it by hand').toBe(6);
  });

  it('package, called by hand, has its inputs checked', async () => {
    expect((await project.run('package', '-f', 'name=core')).outputs).toEqual({ file: 'core-stable.tgz' });
    expect((await project.kb('workflow:run', '--workflow-id=package', '-f', 'name=core', '-f', 'channel=nightly')).code).toBe(2);
    expect((await project.run('announce', '-f', 'text=hello')).outputs).toEqual({ told: 'hello' });
  });
});

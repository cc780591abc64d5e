import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { kb, makeProject, startKb } from './drive-kb.js';

const DOCUMENTS = {
  'ship.yml': `id: ship
permissions: { shell: true }
jobs:
  build:
    strategy: { matrix: { node: [20, 22] } }
    steps: [ { id: make, run: "echo built \${{ matrix.node }}" } ]
  deploy:
    needs: [build]
    steps:
      - { id: ok, uses: "builtin:approval", with: { title: "Ship it?" } }
      - run: echo shipped by \${{ steps.ok.outputs.approver }}
`,
  'wait.yml': `id: wait
jobs:
  signal: { steps: [ { id: s, uses: "builtin:wait", with: { signal: go } } ] }
  callback: { steps: [ { id: c, uses: "builtin:wait", with: { callback: true } } ] }
`,
  'after.yml': `id: after
on: { workflow: { ids: [wait] } }
permissions: { shell: true }
jobs: { note: { steps: [ { run: "touch after" } ] } }
`,
  'flaky.yml': `id: flaky
permissions: { shell: true }
jobs:
  first: { steps: [ { id: one, run: "echo one" } ] }
  second: { needs: [first], steps: [ { id: two, run: "test -e ready" } ] }
`,
};

let project: ReturnType<typeof makeProject>;
beforeEach(() => {
  project = makeProject(DOCUMENTS);
});
afterEach(() => {
  project.remove();
});

function idOf(text: string): string {
  return /run_[0-9A-Z]{26}/.exec(text)?.[0] ?? '';
}

describe('a run that waits', () => {
  it('is listed, explained, approved from a second process, and goes on in the first', async () => {
    const running = startKb(project.root, ['workflow:run', '--workflow-id=ship']);
    const shown = await running.until('--step-id=deploy/ok');
    const id = idOf(shown);
    expect((await kb(project.root, ['workflow:approvals'])).stdout).toMatch(new RegExp(`${id} +ship +deploy/ok +Ship it\\?`));
    expect((await kb(project.root, ['workflow:explain', `--run-id=${id}`])).stdout).toContain('missing: ');
    expect((await kb(project.root, ['workflow:explain', `--run-id=${id}`, '--job=dploy'])).code).toBe(5);
    const approved = await kb(project.root, ['workflow:approve', `--run-id=${id}`, '--step-id=ok', '--as=ada']);
    expect(approved).toMatchObject({ code: 0, stdout: expect.stringContaining('✓ approved  ok') as string });
    expect(approved.stderr).not.toContain('workflow:resume');
    expect(await running.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('shipped by ada') as string });
    expect((await kb(project.root, ['workflow:approve', `--run-id=${id}`, '--step-id=ok'])).code).toBe(6);
    const logs = await kb(project.root, ['workflow:logs', `--run-id=${id}`, '--job=build', '--step=make']);
    expect(logs.stdout.trim().split('\n').sort()).toEqual(['build.1/make | built 20', 'build.2/make | built 22']);
    expect((await kb(project.root, ['workflow:logs', `--run-id=${id}`, '--job=build.2'])).stdout).toBe('build.2/make | built 22\n');
  });

  it('keeps a rejection that came while nobody carried it on', async () => {
    const running = startKb(project.root, ['workflow:run', '--workflow-id=ship']);
    const id = idOf(await running.until('--step-id=deploy/ok'));
    running.child.kill('SIGKILL');
    await running.ended;
    const rejected = await kb(project.root, ['workflow:reject', `--run-id=${id}`, '--step-id=deploy/ok', '--comment=not today']);
    expect(rejected).toMatchObject({ code: 0, stderr: expect.stringContaining(`kb workflow:resume --run-id=${id}`) as string });
    expect(await kb(project.root, ['workflow:resume', `--run-id=${id}`])).toMatchObject({ code: 1, stdout: expect.stringContaining('not today') as string });
  });

  it('hears a signal and a callback, and what its end starts goes on in the background', async () => {
    const running = startKb(project.root, ['workflow:run', '--workflow-id=wait']);
    const url = /http:\/\/\S+/.exec(await running.until(/kb workflow:signal go[^]*http:\S+\n|http:\S+\n[^]*kb workflow:signal go/))?.[0] ?? '';
    expect((await kb(project.root, ['workflow:signal', 'stop'])).code).toBe(5);
    expect(await kb(project.root, ['workflow:signal', 'go', '--data={"a":1}'])).toMatchObject({ code: 0, stdout: expect.stringContaining('signal/s') as string });
    expect((await kb(project.root, ['workflow:callback', `${url}x`])).code).toBe(5);
    expect((await kb(project.root, ['workflow:callback', url])).code).toBe(0);
    const ended = await running.ended;
    expect(ended).toMatchObject({ code: 0, stderr: expect.stringContaining('goes on in the background') as string });
    const after = startKb(project.root, ['workflow:watch', `--run-id=${idOf(ended.stderr)}`]);
    expect((await after.ended).code).toBe(0);
    expect(existsSync(join(project.root, 'after'))).toBe(true);
  });
});

describe('workflow:rerun', () => {
  it('keeps what succeeded, says so, and follows the new run', async () => {
    const failed = await kb(project.root, ['workflow:run', '--workflow-id=flaky']);
    expect(failed.code).toBe(1);
    const id = idOf(failed.stdout);
    expect((await kb(project.root, ['workflow:rerun', `--run-id=${id}`, '--failed', '--from=two'])).code).toBe(2);
    writeFileSync(join(project.root, 'ready'), '');
    const again = await kb(project.root, ['workflow:rerun', `--run-id=${id}`, '--failed', '--json']);
    expect(again.code).toBe(0);
    const [choices, run] = again.stdout.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(choices).toMatchObject({ rerunOf: id, keeps: [{ job: 'first' }], again: [{ job: 'second' }] });
    expect(run).toMatchObject({ id: choices?.['runId'], rerunOf: id, status: 'success' });
    rmSync(join(project.root, 'ready'));
    const lines = await kb(project.root, ['workflow:rerun', `--run-id=${id}`, '--from=second/two']);
    expect(lines).toMatchObject({ code: 1, stdout: expect.stringMatching(/keeps {2}first[^]*again {2}second[^]*first ✓ success {2}kept from run_/) as string });
    expect((await kb(project.root, ['workflow:rerun', `--run-id=${id}`, '--from=three'])).code).toBe(5);
  });

  it('answers one value with --detach --json: what it keeps, and the id of the new run', async () => {
    const id = idOf((await kb(project.root, ['workflow:run', '--workflow-id=flaky'])).stdout);
    const { code, stdout } = await kb(project.root, ['workflow:rerun', `--run-id=${id}`, '--failed', '--detach', '--json']);
    expect(code).toBe(0);
    const begun = JSON.parse(stdout) as Record<string, unknown>;
    expect(begun).toMatchObject({ rerunOf: id, keeps: [{ job: 'first' }], again: [{ job: 'second' }] });
    expect((await kb(project.root, ['workflow:watch', `--run-id=${String(begun['runId'])}`])).code, 'it is carried on').toBe(1);
  });
});

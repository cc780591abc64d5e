import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { DaemonProcess } from './daemon.fixture.js';
import { Project } from './project.fixture.js';

let project: Project;
let daemon: DaemonProcess | undefined;
afterEach(async () => {
  await daemon?.kill('SIGTERM');
  daemon = undefined;
  project.remove();
});

const listening = (id: string, push: string): string => `
id: ${id}
permissions: { shell: true }
on: { push: ${push} }
jobs: { a: { steps: [{ run: "true" }] } }
`;

const DOCUMENTS = {
  '.kb/workflows/all.yml': listening('all', '{}'),
  '.kb/workflows/main.yml': listening('main', '{ branches: [main, "release/**", "!release/old"] }'),
  '.kb/workflows/rest.yml': listening('rest', '{ branches-ignore: [main] }'),
  '.kb/workflows/source.yml': listening('source', '{ paths: ["src/**", "!src/**/*.md"] }'),
  '.kb/workflows/no-docs.yml': listening('no-docs', '{ paths-ignore: ["docs/**", "**.md"] }'),
  '.kb/workflows/tags.yml': listening('tags', '{ tags: ["v*"] }'),
};

interface Run {
  readonly id: string;
  readonly workflowId: string;
  readonly status: string;
}

async function runs(): Promise<readonly Run[]> {
  const page = await project.json<{ items: Run[] }>('workflow:list-runs', '--limit=200');
  return page.items;
}

/** The workflows that have been started, once their number is reached, each run with its commit. */
async function started(expected: number): Promise<string[]> {
  for (;;) {
    const found = await runs();
    if (found.length >= expected) return found.map(({ workflowId }) => workflowId).toSorted();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function open(files: Readonly<Record<string, string>> = DOCUMENTS): Promise<void> {
  project = new Project({ '.gitignore': 'Library\n.npm\n.cache\n.config\n', ...files });
  project.git('init', '--quiet');
  project.git('config', 'user.name', 'Ada');
  project.git('config', 'user.email', 'ada@example.com');
  project.git('add', '.kb', '.gitignore');
  project.git('commit', '--quiet', '--message=start');
  const answer = await project.kb('git:hooks-install', '--merges');
  expect(answer.code, answer.stderr).toBe(0);
}

function commit(path: string, text = String(Math.random())): string {
  project.write(path, text);
  project.git('add', '--', path);
  project.git('commit', '--quiet', `--message=${path}`);
  return project.git('rev-parse', 'HEAD').trim();
}

/** Each kind of change, where it is made, and what it starts. */
const CASES: readonly { branch: string; path: string; starts: readonly string[] }[] = [
  { branch: 'main', path: 'src/a.ts', starts: ['all', 'main', 'no-docs', 'source'] },
  { branch: 'main', path: 'docs/a.txt', starts: ['all', 'main'] },
  { branch: 'main', path: 'src/deep/a.md', starts: ['all', 'main'] },
  { branch: 'release/1', path: 'b.txt', starts: ['all', 'main', 'no-docs', 'rest'] },
  { branch: 'release/old', path: 'c.txt', starts: ['all', 'no-docs', 'rest'] },
  { branch: 'feature/x', path: 'README.md', starts: ['all', 'rest'] },
];

describe('a commit', () => {
  it('starts the workflows that fit it while a daemon runs, each once', { timeout: 120_000 }, async () => {
    await open();
    daemon = await DaemonProcess.start(project);
    const expected: string[] = [];
    for (const { branch, path, starts } of CASES) {
      if (project.git('branch', '--list', branch) === '') project.git('checkout', '--quiet', '-b', branch, 'main');
      else project.git('checkout', '--quiet', branch);
      const sha = commit(path);
      expected.push(...starts);
      expect(await started(expected.length), `${branch} ${path}`).toEqual(expected.toSorted());
      const [newest] = await runs();
      const view = await project.json<{ trigger: unknown }>('workflow:status', `--run-id=${newest?.id ?? ''}`);
      expect(view.trigger).toEqual({ type: 'push', actor: 'Ada', payload: null, branch, tag: null, sha, paths: [path], event: 'push' });
    }
    // Nothing is started by being noted again.
    const sha = project.git('rev-parse', 'HEAD').trim();
    project.write(`.kb/state/pushes/${sha}.9.push`, `refs/heads/feature/x\n${sha}\n\n`);
    while (existsSync(join(project.dir, `.kb/state/pushes/${sha}.9.push`))) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await started(expected.length)).toEqual(expected.toSorted());
  });

  it('starts them without a daemon too, carried out in the background, and what a merge brings', { timeout: 120_000 }, async () => {
    await open();
    const expected: string[] = [];
    for (const { branch, path, starts } of CASES.filter(({ branch: on }) => on === 'main')) {
      expect(project.git('branch', '--show-current').trim()).toBe(branch);
      commit(path);
      expected.push(...starts);
      expect(await started(expected.length), path).toEqual(expected.toSorted());
    }
    while ((await runs()).some(({ status }) => status !== 'success')) await new Promise((resolve) => setTimeout(resolve, 50));
    project.git('checkout', '--quiet', '-b', 'feature/y');
    commit('src/one.ts');
    expected.push('all', 'no-docs', 'rest', 'source');
    expect(await started(expected.length)).toEqual(expected.toSorted());
    commit('src/two.ts');
    expected.push('all', 'no-docs', 'rest', 'source');
    await started(expected.length);
    project.git('checkout', '--quiet', 'main');
    project.git('merge', '--quiet', 'feature/y');
    expected.push('all', 'main', 'no-docs', 'source');
    expect(await started(expected.length)).toEqual(expected.toSorted());
    const merged = (await runs()).find(({ workflowId }) => workflowId === 'main');
    const view = await project.json<{ trigger: { paths: string[] } }>('workflow:status', `--run-id=${merged?.id ?? ''}`);
    expect(view.trigger.paths).toEqual(['src/one.ts', 'src/two.ts']);
  });

  it('that was noted while nothing ran is found by the next daemon', { timeout: 60_000 }, async () => {
    await open({ '.kb/workflows/all.yml': DOCUMENTS['.kb/workflows/all.yml'] });
    const sha = project.git('rev-parse', 'HEAD').trim();
    project.write(`.kb/state/pushes/${sha}.1.push`, `refs/heads/main\n${sha}\n\n`);
    project.write('.kb/state/pushes/nonsense.push', 'nothing\n');
    daemon = await DaemonProcess.start(project);
    expect(await started(1)).toEqual(['all']);
    while (existsSync(join(project.dir, '.kb/state/pushes/nonsense.push'))) await new Promise((resolve) => setTimeout(resolve, 20));
  });

  it('of a step starts nothing, and one where nothing listens leaves nothing behind', { timeout: 60_000 }, async () => {
    await open({ '.kb/workflows/commits.yml': 'id: commits\npermissions: { shell: true }\njobs: { a: { steps: [{ run: "git commit --allow-empty -qm step" }] } }\n' });
    commit('a.txt');
    // The hook is done with its work in the background once its note is gone.
    while (readNotes().length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(existsSync(join(project.dir, '.kb/state/state.db'))).toBe(false);
    project.write('.kb/workflows/all.yml', DOCUMENTS['.kb/workflows/all.yml']);
    expect((await project.kb('workflow:run', '--workflow-id=commits')).code).toBe(0);
    expect(project.git('log', '-1', '--format=%s').trim()).toBe('step');
    expect(readNotes()).toEqual([]);
    expect((await runs()).map(({ workflowId }) => workflowId)).toEqual(['commits']);
  });

  it('waits for the hook no longer than for a few programs (printed)', { timeout: 60_000 }, async () => {
    await open();
    daemon = await DaemonProcess.start(project);
    const time = (hooks: boolean): number => {
      const begun = performance.now();
      project.git(...(hooks ? [] : ['-c', 'core.hooksPath=/dev/null']), 'commit', '--quiet', '--allow-empty', '--message=x');
      return performance.now() - begun;
    };
    const median = (times: number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
    const pairs = Array.from({ length: 15 }, () => [time(false), time(true)] as const);
    const cost = median(pairs.map(([, with_]) => with_)) - median(pairs.map(([without]) => without));
    console.log(`the hook costs a commit ${cost.toFixed(1)} ms (median of ${String(pairs.length)})`);
    expect(cost).toBeLessThan(1_000);
  });
});

function readNotes(): string[] {
  const listed = project.git('ls-files', '--others', '--', '.kb/state/pushes').split('\n');
  return listed.filter((name) => name.endsWith('.push'));
}

describe('the hooks', () => {
  it('stand beside those that are there, are installed once, and go without a trace', { timeout: 60_000 }, async () => {
    project = new Project();
    project.git('init', '--quiet');
    const hook = join(project.dir, '.git/hooks/post-commit');
    const own = '#!/bin/bash\necho ran > own.txt\nexit 0\n';
    project.write('.git/hooks/post-commit', own);
    project.write('.git/hooks/post-merge', '#!/usr/bin/env python3\nprint(1)\n');
    const { execFileSync } = await import('node:child_process');
    execFileSync('chmod', ['755', hook, join(project.dir, '.git/hooks/post-merge')]);
    const states = async (...args: string[]) => (await project.json<{ hooks: { state: string }[] }>('git:hooks-install', ...args)).hooks.map(({ state }) => state);
    expect(await states('--merges')).toEqual(['installed', 'installed']);
    expect(await states('--merges')).toEqual(['unchanged', 'unchanged']);
    commit('a.txt');
    expect(readFileSync(join(project.dir, 'own.txt'), 'utf8')).toBe('ran\n');
    expect(readFileSync(join(project.dir, '.git/hooks/post-merge.before-kb'), 'utf8')).toContain('python3');
    expect(await states('--uninstall')).toEqual(['removed', 'removed']);
    expect(await states('--uninstall')).toEqual(['absent', 'absent']);
    expect(readFileSync(hook, 'utf8')).toBe(own);
    expect(readFileSync(join(project.dir, '.git/hooks/post-merge'), 'utf8')).toContain('python3');
    expect(existsSync(join(project.dir, '.git/hooks/post-merge.before-kb'))).toBe(false);
  });
});

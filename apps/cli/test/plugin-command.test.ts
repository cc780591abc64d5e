import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { kb, makeProject } from './drive-kb.js';

let project: ReturnType<typeof makeProject>;

beforeAll(() => {
  project = makeProject({});
  const git = (...args: string[]) => execFileSync('git', ['-C', project.root, '-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false', ...args]);
  git('init', '--quiet', '--initial-branch=main');
  writeFileSync(join(project.root, 'a.js'), 'const a = 1;\n');
  git('add', 'a.js');
  git('commit', '--quiet', '--message=one');
  writeFileSync(join(project.root, 'a.js'), 'const a = 1;\neval(a);\n');
});
afterAll(() => {
  project.remove();
});

describe('a command of a plugin', () => {
  it('runs by itself, with options from its schema, and leaves no state', async () => {
    const { code, stdout } = await kb(project.root, ['git:diff', '--context-lines=0', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ stats: { files: 1, additions: 1 } });
    expect((await kb(project.root, ['git', 'status'])).stdout).toContain('branch: main');
    expect(existsSync(join(project.root, '.kb/state'))).toBe(false);
  });

  it('keeps its artifacts where it is told to', async () => {
    const diff = (await kb(project.root, ['git:diff', '--json'])).stdout;
    const input = JSON.stringify({ diff: (JSON.parse(diff) as { diff: string }).diff });
    const { code, stderr } = await kb(project.root, ['review:run', `--input=${input}`, '--artifacts=out']);
    expect(code).toBe(0);
    expect(stderr).toContain('review.md  markdown');
    expect(readFileSync(join(project.root, 'out/review.md'), 'utf8')).toContain('a.js:2');
  });

  it('answers for wrong options and inputs with 2, and for its own failures with 1', async () => {
    expect(await kb(project.root, ['git:diff', '--bsae=x'])).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "--base"?') as string });
    expect(await kb(project.root, ['review:run', '--json'])).toMatchObject({ code: 2, stdout: expect.stringContaining('INPUT_INVALID') as string });
    expect(await kb(project.root, ['git:diff', '--base=nowhere', '--json'])).toMatchObject({ code: 1, stdout: expect.stringContaining('UNKNOWN_REVISION') as string });
    expect(await kb(project.root, ['git:dif'])).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "git:diff"?') as string });
  });

  it('has help, and is in the overview and the list of plugins', async () => {
    expect((await kb(project.root, ['git:diff', '--help'])).stdout).toContain('kb git:diff --base main');
    expect((await kb(project.root, ['help'])).stdout).toContain('review:run');
    expect(JSON.parse((await kb(project.root, ['plugin:list', '--json'])).stdout)).toMatchObject({ items: [{ origin: 'first-party' }, { origin: 'first-party' }] });
  });
});

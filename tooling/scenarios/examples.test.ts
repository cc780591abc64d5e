import { execFile } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { Diagnostic, JsonObject, RunView } from '@kb-labs/contracts';
import { afterAll, describe, expect, it } from 'vitest';

import { Project, repository } from './project.fixture.js';

const project = new Project({ 'note.txt': 'one\n', '.gitignore': '.kb/state/\n' });
project.copy('.kb/workflows', '.kb/workflows');
project.copy('examples/ai-review/.kb/workflows', '.kb/workflows');
project.copy('examples/retries/.kb/workflows', '.kb/workflows');
project.git('init', '-q');
project.git('add', '.');
project.git('commit', '-qm', 'one');
project.write('note.txt', 'two\n');
project.git('commit', '-qam', 'two');
afterAll(() => project.remove());

describe('the examples', () => {
  it('are valid', async () => {
    const { diagnostics, workflows } = await project.json<{ diagnostics: Diagnostic[]; workflows: { id: string }[] }>('workflow:validate');
    expect(diagnostics).toEqual([]);
    expect(workflows.map((workflow) => workflow.id).toSorted()).toEqual(['ai-review', 'hello', 'retries']);
  });

  it('hello greets whom it is told to', async () => {
    const run = await project.json<RunView>('workflow:run', '--workflow-id=hello', '-f', 'name=Ada');
    expect(run).toMatchObject({ status: 'success', outputs: { greeting: 'Hello, Ada' } });
  });

  it('ai-review reviews the last commit', async () => {
    const run = await project.json<RunView>('workflow:run', '--workflow-id=ai-review');
    expect(run).toMatchObject({ status: 'success', outputs: { findings: [] } });
  });

  it('retries succeeds at the third try and tolerates what it is told to tolerate', async () => {
    const run = await project.json<RunView>('workflow:run', '--workflow-id=retries');
    expect(run.status).toBe('success');
    expect(run.jobs[0]?.steps[0]).toMatchObject({ attempt: 3, outputs: { tries: '3' } });
    expect(run.jobs[1]?.steps.map((step) => step.status)).toEqual(['failed', 'success', 'skipped', 'success']);
    expect(run.jobs[1]?.steps[1]?.outputs['stdout']).toContain('lint ended as failed after 3 tries');
  });
});

describe('the plugin of a project', () => {
  const own = new Project();
  own.copy('examples/own-plugin', '.');
  // What the project would have installed.
  symlinkSync(join(repository, 'node_modules'), join(own.dir, 'node_modules'));
  const run = (...args: string[]) => promisify(execFile)(process.execPath, args, { cwd: own.dir, env: own.env });
  afterAll(() => own.remove());

  it('is what the guide makes', () => {
    const guide = readFileSync(join(repository, 'docs/guides/write-a-plugin.md'), 'utf8');
    const files = ['plugins/repo/package.json', 'plugins/repo/plugin.js', 'plugins/repo/stats.js', 'plugins/repo/stats.test.js', '.kb/kb.config.yaml', '.kb/workflows/repo-stats.yml'];
    for (const file of files) expect(guide).toContain(`\n${readFileSync(join(own.dir, file), 'utf8')}\`\`\``);
  });

  it('has the manifest that its declaration makes', async () => {
    const manifest = join(own.dir, 'plugins/repo/kb.plugin.json');
    const committed = readFileSync(manifest, 'utf8');
    await run(join(repository, 'packages/sdk/bin/kb-plugin-manifest.js'), 'plugins/repo');
    expect(readFileSync(manifest, 'utf8')).toBe(committed);
  });

  it('passes its own tests', async () => {
    const { stdout } = await run('--test', '--test-reporter=tap', 'plugins/**/*.test.js');
    expect(stdout).toMatch(/^# pass 2$/m);
    expect(stdout).toMatch(/^# fail 0$/m);
  });

  it('is a command of the terminal', async () => {
    expect(await own.json<JsonObject>('repo:stats', '--glob', 'plugins/**', '--top', '1')).toMatchObject({ files: 5, extensions: [{ extension: '.js', files: 3 }] });
  });

  it('is a step whose outputs decide what comes next', async () => {
    const fits = await own.json<RunView>('workflow:run', '--workflow-id=repo-stats');
    expect(fits).toMatchObject({ status: 'success', artifacts: [{ name: 'repo-stats.csv', type: 'table' }], jobs: [{ status: 'success' }, { status: 'skipped' }] });
    const tooMany = await own.json<RunView>('workflow:run', '--workflow-id=repo-stats', '-f', 'most=1');
    expect(tooMany).toMatchObject({ status: 'failed', jobs: [{ status: 'success' }, { status: 'failed' }] });
  });
});

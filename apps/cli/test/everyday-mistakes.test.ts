import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { kb, KB, makeProject } from './drive-kb.js';

const HELLO = `id: hello
permissions: { shell: true }
jobs:
  greet:
    steps:
      - run: echo hello; echo text > "$KB_ARTIFACTS/a.txt"
`;

let project: ReturnType<typeof makeProject>;
let runId = '';

beforeAll(async () => {
  project = makeProject({ 'hello.yml': HELLO });
  const { stdout } = await kb(project.root, ['workflow:run', '--workflow-id=hello', '--json']);
  runId = (JSON.parse(stdout) as { id: string }).id;
});
afterAll(() => {
  project.remove();
});

describe('without a project', () => {
  const outside = mkdtempSync(join(tmpdir(), 'kb-outside-'));
  afterAll(() => {
    rmSync(outside, { recursive: true });
  });

  it('lists and explains the commands of plugins, and makes nothing', async () => {
    expect((await kb(outside, [])).stdout).toContain('git:diff');
    expect((await kb(outside, ['help', 'git:diff'])).stdout).toContain('  kb git:diff --base main');
    expect((await kb(outside, ['plugin:list'])).stdout).toContain('@kb-labs/commit-plugin');
    expect(existsSync(join(outside, '.kb'))).toBe(false);
  });

  it('says so where one is needed', async () => {
    const { code, stderr } = await kb(outside, ['workflow:list']);
    expect([code, stderr]).toEqual([5, expect.stringContaining('PROJECT_NOT_FOUND')]);
  });
});

describe('a mistyped command line', () => {
  it.each([
    [['worklow'], 'did you mean "workflow"?'],
    [['workflow:runs'], 'did you mean "workflow:run"?'],
    [['workflow:validate', 'none.yml'], 'cannot read none.yml: it is not there'],
    [['workflow:validate', '.kb'], 'cannot read .kb: it is a folder'],
    [['workflow:run', '--workflow-id=hello', '--input-file=none.json'], '"none.json" cannot be read: it is not there'],
  ])('%j: %s', async (args, text) => {
    const { code, stderr } = await kb(project.root, args);
    expect(code).toBe(2);
    expect(stderr).toContain(text);
  });

  it.each([
    ['--limit=0', '--limit is at least 1'],
    ['--cursor=-1', '-1 is no cursor of a page'],
    ['--follow --limit=2', '--limit and --follow do not go together'],
  ])('workflow:logs %s', async (options, text) => {
    const { code, stderr } = await kb(project.root, ['workflow:logs', `--run-id=${runId}`, ...options.split(' ')]);
    expect(code).toBe(2);
    expect(stderr).toContain(text);
  });

  it('does not mix an artifact with JSON', async () => {
    const download = ['workflow:artifacts', `--run-id=${runId}`, '--download=a.txt', '--output=-'];
    expect(await kb(project.root, download)).toMatchObject({ code: 0, stdout: 'text\n' });
    const mixed = await kb(project.root, [...download, '--json']);
    expect([mixed.code, JSON.parse(mixed.stdout)]).toEqual([2, expect.objectContaining({ code: 'USAGE' })]);
  });
});

describe('a project that is not in order', () => {
  it('is told which documents have errors, beside those that have none', async () => {
    const other = makeProject({ 'hello.yml': HELLO, 'broken.yml': 'id: [\n' });
    const listed = await kb(other.root, ['workflow:list']);
    expect(listed.stdout).toContain('hello');
    expect(listed.stderr).toBe('errors in .kb/workflows/broken.yml: "kb workflow:validate" shows them\n');
    other.remove();
  });

  it('is told that it has no workflows', async () => {
    const empty = makeProject({});
    expect(await kb(empty.root, ['workflow:validate'])).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('no workflows') as string });
    empty.remove();
  });

  it('is told by doctor which of its plugins cannot be used', async () => {
    const other = makeProject({});
    writeFileSync(join(other.root, '.kb/kb.config.yaml'), 'plugins: [none, nameless, unbuilt]\n');
    for (const name of ['nameless', 'unbuilt']) mkdirSync(join(other.root, name));
    writeFileSync(join(other.root, 'unbuilt/package.json'), '{ "name": "@acme/unbuilt", "kb": { "plugin": "./kb.plugin.json" } }');
    const { code, stdout } = await kb(other.root, ['doctor']);
    expect(code).toBe(1);
    expect(stdout).toContain(`there is no folder ${join(other.root, 'none')}`);
    expect(stdout).toContain(`${join(other.root, 'nameless')} has no package.json with a name`);
    expect(stdout).toContain('the plugin @acme/unbuilt cannot be used: its manifest');
    other.remove();
  });
});

describe.skipIf(!existsSync('/dev/full'))('a standard output that is full', () => {
  it('is told in one line, fails the command, and lets the run end', async () => {
    const ended = await new Promise<{ code: number; stderr: string }>((resolve) => {
      const command = `exec '${process.execPath}' '${KB}' workflow:run --workflow-id=hello > /dev/full`;
      execFile('sh', ['-c', command], { cwd: project.root }, (error, _stdout, stderr) => {
        resolve({ code: Number(error?.code ?? 0), stderr });
      });
    });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/^error: standard output cannot be written: ENOSPC.*\n$/);
    const { stdout } = await kb(project.root, ['workflow:list-runs', '--json']);
    expect((JSON.parse(stdout) as { items: { status: string }[] }).items.map(({ status }) => status)).toEqual(['success', 'success']);
  });
});

import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Page, RunSummaryView, RunView } from '@kb-labs/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { isAlive, Project } from './project.fixture.js';
import { TerminalSession } from './terminal.fixture.js';

/** A `git` that waits while `<dir>/hold` is there: it makes the first step as long as a test wants it to be. */
const slowGit = (project: Project, git: string): string => `#!/bin/sh
if [ -e "${project.dir}/hold" ]; then echo "$$" >> "${project.dir}/held"; fi
while [ -e "${project.dir}/hold" ]; do sleep 0.02; done
exec ${git} "$@"
`;

const project = new Project();
const hold = join(project.dir, 'hold');
let patient: NodeJS.ProcessEnv;

beforeAll(() => {
  project.copy('examples/ai-review/.kb', '.kb');
  project.write('.gitignore', '.kb/state/\nhold\nheld\nbin/\n');
  project.write('src/pay.ts', 'export const fee = (amount: number) => amount * 0.02;\n');
  project.git('init', '-q');
  project.git('add', '.');
  project.git('commit', '-qm', 'fees');
  project.write('src/pay.ts', ['export const fee = (amount: number) => {', "  console.log('fee of', amount);", "  const key = 'AKIAQYLPMN5HHHFPZAM2';", '  return eval(`${amount} * 0.02`);', '};', ''].join('\n'));
  project.write('src/pay.test.ts', "it.only('takes a fee', () => {});\n");
  project.git('add', '.');
  project.git('commit', '-qm', 'debugging');
  const git = (process.env['PATH'] ?? '').split(':').map((dir) => join(dir, 'git')).find((file) => existsSync(file));
  project.write('bin/git', slowGit(project, git ?? 'git'));
  chmodSync(join(project.dir, 'bin/git'), 0o755);
  patient = { PATH: `${join(project.dir, 'bin')}:${process.env['PATH'] ?? ''}` };
});
afterAll(() => {
  rmSync(hold, { force: true });
  project.remove();
});

describe('the review workflow in a real repository', () => {
  it('runs in a terminal, shows its steps, and leaves its findings as an artifact', async () => {
    const terminal = new TerminalSession(project, ['workflow:run', '--workflow-id=ai-review']);
    expect(await terminal.ended, terminal.text).toBe(0);
    expect(terminal.text).toMatch(/diff/);
    expect(terminal.text).toMatch(/analyse/);
    expect(terminal.text).toMatch(/success/);

    const { items } = await project.json<Page<RunSummaryView>>('workflow:list-runs', '--workflow-id=ai-review');
    const [listed] = items;
    expect(items).toHaveLength(1);
    expect(listed).toMatchObject({ workflowId: 'ai-review', status: 'success', trigger: { type: 'manual', branch: 'main' } });
    const run = await project.json<RunView>('workflow:status', `--run-id=${listed?.id ?? ''}`);
    expect(run.artifacts.map((artifact) => artifact.name)).toEqual(expect.arrayContaining(['patch', 'summary']));
    const summary = await project.kb('workflow:artifacts', `--run-id=${run.id}`, '--download', 'summary');
    expect(summary.code, summary.stderr).toBe(0);
    const findings = run.outputs['findings'] as { file: string; line: number; severity: string; rule: string }[];
    expect(findings.map((finding) => `${finding.file}:${finding.line}`).toSorted()).toEqual(['src/pay.test.ts:1', 'src/pay.ts:2', 'src/pay.ts:3', 'src/pay.ts:4']);
    expect(String(run.outputs['summary'])).toContain('src/pay.ts');
    expect(JSON.stringify(run), 'a secret is masked wherever the review shows it').not.toMatch(/summary":"[^"]*AKIAQYLPMN5HHHFPZAM2/);
  }, 60_000);

  it('is followed from a second terminal while it runs, to its end', async () => {
    writeFileSync(hold, '');
    const first = new TerminalSession(project, ['workflow:run', '--workflow-id=ai-review'], patient);
    const [runId] = await first.shows(/run_[0-9A-Z]{26}/);
    await first.shows(/running/);
    const second = new TerminalSession(project, ['workflow:logs', `--run-id=${runId}`, '--follow']);
    const watching = new TerminalSession(project, ['workflow:watch', `--run-id=${runId}`]);
    await watching.shows(/running/);
    rmSync(hold);
    expect([await first.ended, await second.ended, await watching.ended]).toEqual([0, 0, 0]);
    expect(second.text).toMatch(/review\/analyse/);
    expect(watching.text).toMatch(/success/);
  }, 60_000);

  it('is cancelled from a third terminal, and everything it started is gone', async () => {
    writeFileSync(hold, '');
    rmSync(join(project.dir, 'held'), { force: true });
    const first = new TerminalSession(project, ['workflow:run', '--workflow-id=ai-review'], patient);
    const [runId] = await first.shows(/run_[0-9A-Z]{26}/);
    const second = new TerminalSession(project, ['workflow:logs', `--run-id=${runId}`, '--follow']);
    while (!existsSync(join(project.dir, 'held'))) await new Promise(setImmediate);
    const third = new TerminalSession(project, ['workflow:cancel', `--run-id=${runId}`]);
    expect(await third.ended, third.text).toBe(0);
    expect(await first.ended, first.text).toBe(1);
    await second.ended;
    const run = await project.json<RunView>('workflow:status', `--run-id=${runId}`);
    expect(run).toMatchObject({ status: 'cancelled', jobs: [{ status: 'cancelled' }] });
    const held = readFileSync(join(project.dir, 'held'), 'utf8').trim().split('\n').map(Number);
    expect(held.filter(isAlive)).toEqual([]);
    rmSync(hold);
  }, 60_000);

  it('asks before Ctrl-C cancels it', async () => {
    writeFileSync(hold, '');
    rmSync(join(project.dir, 'held'), { force: true });
    const terminal = new TerminalSession(project, ['workflow:run', '--workflow-id=ai-review'], patient);
    const [runId] = await terminal.shows(/run_[0-9A-Z]{26}/);
    await terminal.shows(/running/);
    // Until a program has a session of its own, a moment after the fork, the terminal interrupts it too.
    while (!existsSync(join(project.dir, 'held'))) await new Promise(setImmediate);
    terminal.type('\u0003');
    await terminal.shows(/[Cc]ancel.*\?/);
    terminal.type('n\r');
    const still = await project.json<RunView>('workflow:status', `--run-id=${runId}`);
    expect(still.status).toBe('running');
    terminal.type('\u0003');
    await terminal.shows(/[Cc]ancel.*\?[^]*[Cc]ancel.*\?/);
    terminal.type('y\r');
    expect(await terminal.ended).toBe(130);
    rmSync(hold);
  }, 60_000);
});

import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { Page, RunSummaryView, RunView } from '@kb-labs/contracts';
import { afterEach, describe, expect, it } from 'vitest';

import { DaemonProcess } from './daemon.fixture.js';
import { gatedWorkflow } from './gated.fixture.js';
import { readLedgers } from './host.fixture.js';
import { disagreements, type Ledgers } from './ledgers.js';
import { isAlive, Project } from './project.fixture.js';

/** Steps write themselves down outside the engine, with the process that started them. */
const note = 'echo "$KB_RUN_ID $KB_JOB_ID $KB_STEP_ID" >> "$LEDGER"';
const chain = `
id: chain
permissions: { shell: true }
env: { LEDGER: "\${{ inputs.ledger }}" }
inputs: { ledger: { type: string, required: true }, pause: { type: string, default: "0.02" } }
defaults: { run: { shell: sh } }
jobs:
  one:
    steps:
      - { id: a, run: '${note}; sleep \${{ inputs.pause }}' }
      - { id: b, run: '${note}; echo "parent=$PPID" >> "$KB_OUTPUT"' }
    outputs: { parent: "\${{ steps.b.outputs.parent }}" }
  two:
    needs: one
    steps: [{ id: a, run: '${note}; sleep \${{ inputs.pause }}' }, { id: b, run: '${note}' }]
`;
const asking = `
id: asking
permissions: { shell: true }
jobs:
  ship:
    steps:
      - { id: ok, uses: "builtin:approval", with: { title: "Ship it?" } }
      - { id: go, run: 'echo shipped' }
`;

let project: Project;
const unmounts: (() => void)[] = [];
afterEach(() => {
  for (const unmount of unmounts.splice(0)) unmount();
  project.remove();
});

function newProject(env: NodeJS.ProcessEnv = {}): Project {
  project = new Project({ '.kb/workflows/chain.yml': chain, '.kb/workflows/gated.yml': gatedWorkflow(note), '.kb/workflows/asking.yml': asking }, env);
  mkdirSync(stateDir(), { recursive: true, mode: 0o700 });
  return project;
}

const stateDir = (): string => join(project.dir, '.kb/state');
const ledger = (): string => join(stateDir(), 'ledger.txt');
const effects = (): string[] => (existsSync(ledger()) ? readFileSync(ledger(), 'utf8').trim().split('\n') : []);
const ledgers = (acknowledged: readonly string[]): Promise<Ledgers> => readLedgers(stateDir(), acknowledged);

async function detach(workflow: string, ...args: string[]): Promise<string> {
  const run = await project.json<RunView>('workflow:run', `--workflow-id=${workflow}`, '--detach', ...args);
  return run.id;
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await wait(10);
}

async function openRuns(): Promise<RunSummaryView[]> {
  const { items } = await project.json<Page<RunSummaryView>>('workflow:list-runs', '--limit=200');
  return items.filter((run) => run.finishedAt === null);
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: 'ignore' });
}

async function readyStatus(daemon: DaemonProcess): Promise<number> {
  return (await fetch(`${daemon.url}/readyz`)).status;
}

describe('a daemon', () => {
  it('carries out what another process starts and follows, and what a third one approves', async () => {
    newProject();
    const daemon = await DaemonProcess.start(project);
    expect(statSync(join(stateDir(), 'daemon.json')).mode & 0o777).toBe(0o600);
    const run = await project.json<RunView>('workflow:run', '--workflow-id=chain', '-f', `ledger=${ledger()}`);
    expect([run.status, run.jobs[0]?.outputs]).toEqual(['success', { parent: String(daemon.child.pid) }]);

    const follower = project.kb('workflow:run', '--workflow-id=asking');
    await until(async () => (await project.json<Page<unknown>>('workflow:approvals')).items.length > 0);
    const [waiting] = await openRuns();
    expect(waiting).toMatchObject({ workflowId: 'asking', status: 'waiting' });
    expect((await project.kb('workflow:approve', `--run-id=${waiting?.id ?? ''}`, '--step-id=ok')).stderr).toBe('');
    const followed = await follower;
    expect([followed.code, followed.stdout]).toEqual([0, expect.stringContaining('success')]);

    const cancelled = await detach('gated', '-f', `ledger=${ledger()}`);
    await until(() => effects().some((line) => line.startsWith(cancelled)));
    expect((await project.json<RunView>('workflow:cancel', `--run-id=${cancelled}`)).status).toBe('cancelled');
    expect(existsSync(join(stateDir(), 'worker.log')), 'no worker in the background was needed').toBe(false);

    const metrics = await (await fetch(`${daemon.url}/metrics`, { headers: { authorization: `Bearer ${daemon.key}` } })).text();
    expect(metrics).toMatch(/^kb_runs_finished_total\{status="success"\} 2$/m);
    expect(metrics).toMatch(/^kb_runs_started_total 3$/m);
    expect(metrics).toMatch(/^kb_job_duration_seconds_count\{status="success"\} 3$/m);
    expect(daemon.entries().every(({ level, message }) => level === 'info' && message !== '')).toBe(true);
  }, 60_000);

  it('stops the run of who follows it and gives up, and works on', async () => {
    newProject();
    const daemon = await DaemonProcess.start(project);
    const follower = project.start('workflow:run', '--workflow-id=gated', '-f', `ledger=${ledger()}`);
    await until(() => effects().length === 1);
    const [running] = await openRuns();
    follower.kill('SIGINT');
    await until(() => follower.exitCode !== null);
    expect(follower.exitCode).toBe(130);
    expect(await project.json('workflow:status', `--run-id=${running?.id ?? ''}`)).toMatchObject({ status: 'cancelled' });
    const leaver = project.start('workflow:run', '--workflow-id=gated', '-f', `ledger=${ledger()}`);
    await until(() => effects().length === 2);
    leaver.kill('SIGTERM');
    await until(() => leaver.exitCode !== null);
    expect((await openRuns()).map(({ status, reason }) => [status, reason])).toEqual([['running', undefined]]);
    expect(daemon.child.exitCode).toBeNull();
  }, 60_000);

  it('is shown while it runs and stopped by name; afterwards there is none', async () => {
    newProject();
    const none = await project.kb('daemon:status', '--json');
    expect([none.code, JSON.parse(none.stdout)]).toMatchObject([3, { code: 'DAEMON_NOT_RUNNING' }]);
    const daemon = await DaemonProcess.start(project, '--roles=worker,gateway');
    const runId = await detach('gated', '-f', `ledger=${ledger()}`);
    await until(() => effects().length === 1);
    expect(await project.json('daemon:status')).toMatchObject({ pid: daemon.child.pid, url: daemon.url, roles: ['gateway', 'worker'], elsewhere: false, jobs: { held: 1 }, openRuns: { running: 1 } });
    writeFileSync(`${ledger()}.gate`, '');
    expect((await project.kb('workflow:watch', `--run-id=${runId}`)).code).toBe(0);
    expect(await project.json('daemon:stop')).toEqual({ pid: daemon.child.pid, stopped: true });
    expect(await daemon.ended).toBe(0);
    expect(existsSync(join(stateDir(), 'daemon.json'))).toBe(false);
    expect((await project.kb('daemon:stop')).code).toBe(3);
  }, 60_000);

  it('refuses what it cannot do', async () => {
    newProject();
    const refused = async (...args: string[]): Promise<[number | null, string]> => {
      const { code, stdout } = await project.kb('daemon:start', '--json', ...args);
      return [code, (JSON.parse(stdout) as { code: string }).code];
    };
    expect(await refused('--host=0.0.0.0')).toEqual([4, 'EXPOSURE_UNSAFE']);
    expect(await refused('--roles=gateway,painter')).toEqual([2, 'USAGE']);
    expect(await refused('--roles=worker', '--port=4100')).toEqual([2, 'USAGE']);
    expect(await refused('--concurrency=0')).toEqual([2, 'USAGE']);
    const daemon = await DaemonProcess.start(project);
    expect(await refused(`--port=${new URL(daemon.url).port}`)).toEqual([6, 'ADDRESS_IN_USE']);
    expect((await project.kb('daemon:start', `--port=${new URL(daemon.url).port}`)).stderr).toContain(`a daemon of this project has it, with the process id ${String(daemon.child.pid)}`);
    expect(await readyStatus(daemon)).toBe(200);
    expect(await project.json('daemon:status')).toMatchObject({ pid: daemon.child.pid });
  }, 60_000);

  it('takes no other process for a daemon that has died', async () => {
    newProject();
    const first = await DaemonProcess.start(project);
    await first.kill('SIGKILL');
    // Another process has got its number since: this one.
    const file = join(stateDir(), 'daemon.json');
    const record = JSON.parse(readFileSync(file, 'utf8')) as { process: object };
    writeFileSync(file, JSON.stringify({ ...record, pid: process.pid, process: { ...record.process, pid: process.pid } }));
    expect((await project.kb('daemon:status')).code).toBe(3);
    expect((await project.kb('daemon:stop')).code).toBe(3);
    const second = await DaemonProcess.start(project);
    expect(await project.json('daemon:status')).toMatchObject({ pid: second.child.pid });
  }, 60_000);
});

describe('kill -9 of the daemon', () => {
  it('loses nothing and does no step again that had ended, and who follows a run hears of it', async () => {
    newProject();
    let daemon = await DaemonProcess.start(project, '--concurrency=3');
    const acknowledged: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      acknowledged.push(...(await Promise.all([0, 1, 2].map(() => detach('chain', '-f', `ledger=${ledger()}`, '-f', 'pause=0.1')))));
      await daemon.kill('SIGKILL');
      daemon = await DaemonProcess.start(project, '--concurrency=3');
    }
    const gatedRun = await detach('gated', '-f', `ledger=${ledger()}`);
    acknowledged.push(gatedRun);
    const follower = project.start('workflow:run', '--workflow-id=gated', '-f', `ledger=${ledger()}`);
    let heard = '';
    for (const stream of [follower.stdout, follower.stderr]) stream?.setEncoding('utf8').on('data', (chunk: string) => (heard += chunk));
    await until(() => effects().some((line) => line.startsWith(gatedRun)) && /a started/.test(heard));
    await daemon.kill('SIGKILL');
    await until(() => /no worker/.test(heard));
    expect(follower.exitCode).toBeNull();
    await DaemonProcess.start(project);
    await until(() => heard.includes('a worker carries the run on again'));
    writeFileSync(`${ledger()}.gate`, '');
    await until(() => follower.exitCode !== null);
    expect(follower.exitCode).toBe(0);
    await until(async () => (await openRuns()).length === 0);

    const found = await ledgers(acknowledged);
    expect(disagreements(found)).toEqual([]);
    expect(found.journals.size).toBe(14);
    // The checker sees what it is there for.
    expect(disagreements({ ...found, effects: [...found.effects, ...found.effects] }).length).toBeGreaterThan(0);
  }, 120_000);
});

describe('SIGTERM', () => {
  it('lets the step that runs come to its end, and leaves the next one to another daemon', async () => {
    newProject();
    const first = await DaemonProcess.start(project);
    const runId = await detach('gated', '-f', `ledger=${ledger()}`);
    await until(() => effects().length === 1);
    first.child.kill('SIGTERM');
    await first.says('the daemon stops');
    await until(async () => (await readyStatus(first)) === 503);
    expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
    writeFileSync(`${ledger()}.gate`, '');
    expect(await first.ended).toBe(0);
    expect(effects()).toEqual([`${runId} one a`]);
    expect(await project.json('workflow:status', `--run-id=${runId}`)).toMatchObject({ status: 'running', reason: { rule: 'no-worker' } });

    await DaemonProcess.start(project);
    await until(async () => (await openRuns()).length === 0);
    expect(effects()).toEqual([`${runId} one a`, `${runId} one b`]);
    expect(disagreements(await ledgers([runId]))).toEqual([]);
  }, 60_000);

  it('stops a step that takes longer than it may, and hands its job over', async () => {
    newProject();
    const first = await DaemonProcess.start(project, '--drain-timeout=0.2');
    const runId = await detach('gated', '-f', `ledger=${ledger()}`);
    await until(() => effects().length === 1);
    expect(await first.kill('SIGTERM')).toBe(0);
    writeFileSync(`${ledger()}.gate`, '');
    await DaemonProcess.start(project);
    await until(async () => (await openRuns()).length === 0);
    expect(effects()).toEqual([`${runId} one a`, `${runId} one a`, `${runId} one b`]);
    expect(disagreements(await ledgers([runId]))).toEqual([]);
  }, 60_000);

  it('ends it at once when it comes twice', async () => {
    newProject();
    const daemon = await DaemonProcess.start(project);
    await detach('gated', '-f', `ledger=${ledger()}`);
    await until(() => effects().length === 1);
    daemon.child.kill('SIGTERM');
    await daemon.says('the daemon stops');
    expect(await daemon.kill('SIGTERM')).toBe(130);
    expect(isAlive(daemon.child.pid ?? 0)).toBe(false);
  }, 60_000);
});

describe('two daemons of one project', () => {
  it('both work, do nothing twice, and the second stands for the project when the first is gone', async () => {
    newProject();
    const [first, second] = [await DaemonProcess.start(project, '--concurrency=1'), await DaemonProcess.start(project, '--concurrency=1')];
    const runs = await Promise.all(Array.from({ length: 12 }, () => detach('chain', '-f', `ledger=${ledger()}`, '-f', 'pause=0.05')));
    await until(async () => (await openRuns()).length === 0);
    const found = await ledgers(runs);
    expect(disagreements(found)).toEqual([]);
    expect(found.effects).toHaveLength(12 * 4);
    expect(new Set(found.effects).size).toBe(12 * 4);
    const workers = new Set([...found.journals.values()].flat().flatMap((event) => (event.type === 'job.started' ? [event.worker] : [])));
    expect(workers.size).toBe(2);

    expect(await project.json('daemon:stop')).toMatchObject({ pid: first.child.pid });
    await until(async () => (await project.kb('daemon:status')).code === 0);
    expect(await project.json('daemon:status')).toMatchObject({ pid: second.child.pid });
  }, 90_000);
});

describe('readiness', () => {
  it('ends within a second when the disk is full, and comes back when there is room', async ({ skip }) => {
    const project = newProject();
    const disk = join(project.dir, 'disk');
    mkdirSync(disk);
    try {
      run('mount', '-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk);
    } catch {
      skip('needs the right to mount a small file system');
    }
    unmounts.push(() => run('umount', '-l', disk));
    project.env['KB_STATE_URL'] = `file:${join(disk, 'state')}`;
    const daemon = await DaemonProcess.start(project);
    expect(await readyStatus(daemon)).toBe(200);
    const { bavail, bsize } = statfsSync(disk);
    const filler = openSync(join(disk, 'filler'), 'w');
    writeFileSync(filler, Buffer.alloc(bavail * bsize));
    fsyncSync(filler);
    closeSync(filler);
    const filled = performance.now();
    await until(async () => (await readyStatus(daemon)) === 503);
    // By a look of its own: nobody writes meanwhile. A busy machine takes longer over it than a second.
    expect(performance.now() - filled).toBeLessThan(10_000);
    const problem = (await (await fetch(`${daemon.url}/readyz`)).json()) as { details: unknown };
    expect(problem.details).toMatchObject({ checks: { state: expect.stringContaining('cannot grow') as string, worker: 'ok' } });
    expect((await fetch(`${daemon.url}/healthz`)).status).toBe(200);
    rmSync(join(disk, 'filler'));
    await until(async () => (await readyStatus(daemon)) === 200);
    expect((await project.json<RunView>('workflow:run', '--workflow-id=chain', '-f', `ledger=${join(disk, 'ledger')}`)).status).toBe('success');
    await daemon.kill('SIGTERM');
  }, 60_000);

  it('ends when the folder of the state is not where it was, and comes back with it', async () => {
    newProject();
    const daemon = await DaemonProcess.start(project);
    expect(await readyStatus(daemon)).toBe(200);
    renameSync(stateDir(), `${stateDir()}-moved`);
    await until(async () => (await readyStatus(daemon)) === 503);
    renameSync(`${stateDir()}-moved`, stateDir());
    await until(async () => (await readyStatus(daemon)) === 200);
  }, 60_000);
});

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { Page, RunSummaryView, RunView } from '@kb-labs/contracts';
import { type RedisServer, startRedisServer } from '@kb-labs/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { DaemonProcess } from './daemon.fixture.js';
import { gatedWorkflow } from './gated.fixture.js';
import { Project } from './project.fixture.js';

/** Steps write themselves down outside the engine, and say on which machine they are: each has a folder of its own. */
const note = 'echo "$KB_RUN_ID $KB_STEP_ID" >> "$LEDGER"';
const ship = `
id: ship
permissions: { shell: true }
env: { LEDGER: "\${{ inputs.ledger }}" }
inputs: { ledger: { type: string, required: true } }
defaults: { run: { shell: sh } }
jobs:
  build:
    outputs: { where: "\${{ steps.make.outputs.where }}" }
    steps:
      - id: make
        run: |
          ${note}
          echo "where=$KB_WORKSPACE" >> "$KB_OUTPUT"
          echo built > "$KB_ARTIFACTS/built.txt"
  release:
    needs: build
    steps:
      - { id: ok, uses: "builtin:approval", with: { title: "Ship it?" } }
      - { id: go, run: '${note}; echo shipped' }
`;

let server: RedisServer;
let shared: string;
let machines: Project[];

beforeEach(async () => {
  shared = mkdtempSync(join(tmpdir(), 'kb-ledger-'));
  server = await startRedisServer({ appendfsync: 'always', 'maxmemory-policy': 'noeviction' });
  machines = [];
});

afterEach(async () => {
  for (const one of machines) one.remove();
  await server.stop();
  rmSync(shared, { recursive: true, force: true });
});

/** The same project as it is on another machine: its own folder, and the same state. */
function machine(env: NodeJS.ProcessEnv = { KB_STATE_URL: server.url }): Project {
  const project = new Project({ '.kb/workflows/ship.yml': ship, '.kb/workflows/gated.yml': gatedWorkflow(note) }, env);
  machines.push(project);
  return project;
}

const ledger = (): string => join(shared, 'ledger.txt');
const effects = (): string[] => (existsSync(ledger()) ? readFileSync(ledger(), 'utf8').trim().split('\n') : []);

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  // Most looks are a process of their own: they become rarer.
  for (let pauseMs = 20; !(await what()); pauseMs = Math.min(2 * pauseMs, 500)) await wait(pauseMs);
}

async function detach(project: Project, workflow: string): Promise<string> {
  return (await project.json<RunView>('workflow:run', `--workflow-id=${workflow}`, '--detach', '-f', `ledger=${ledger()}`)).id;
}

async function view(project: Project, run: string): Promise<RunView> {
  return await project.json<RunView>('workflow:status', `--run-id=${run}`);
}

const waitsForSomebody = (run: RunView): boolean => run.jobs.some((job) => job.steps.some((step) => step.status === 'waiting_approval'));

describe('the state in Redis', () => {
  it('lets one machine work on what another starts, and a third approve it, read its log and fetch its artifact', async () => {
    const [worker, starter, other] = [machine(), machine(), machine()];
    await DaemonProcess.start(worker);
    const run = await detach(starter, 'ship');
    await until(async () => waitsForSomebody(await view(other, run)));
    expect((await view(other, run)).jobs[0]?.outputs).toEqual({ where: worker.dir });
    expect((await other.kb('workflow:approve', `--run-id=${run}`, '--step-id=ok')).code).toBe(0);
    const followed = await starter.kb('workflow:watch', `--run-id=${run}`);
    expect([followed.code, followed.stderr]).toEqual([0, '']);
    const logs = await other.kb('workflow:logs', `--run-id=${run}`, '--job=release');
    expect(logs.stdout).toContain('shipped');
    const artifact = await other.kb('workflow:artifacts', `--run-id=${run}`, '--download=built.txt', '--output=-');
    expect(artifact.stdout).toBe('built\n');
    const { items } = await other.json<Page<RunSummaryView>>('workflow:list-runs');
    expect(items.map((one) => [one.id, one.status])).toEqual([[run, 'success']]);
    expect(effects()).toEqual([`${run} make`, `${run} go`]);
    expect(existsSync(join(starter.dir, '.kb/state/state.db')), 'nothing is kept on the machine that started it').toBe(false);
  });

  it('has a run carried on by another machine when the one that worked on it is gone, and a command of its own without any', async () => {
    const [first, second] = [machine(), machine()];
    const daemon = await DaemonProcess.start(first);
    const run = await detach(second, 'gated');
    await until(() => effects().length === 1);
    await daemon.kill('SIGKILL');
    writeFileSync(`${ledger()}.gate`, '');
    // Nobody serves it once the silent machine no longer counts as alive.
    await until(async () => (await view(second, run)).reason?.rule === 'no-worker');
    const resumed = await second.kb('workflow:resume', `--run-id=${run}`);
    expect(resumed.code).toBe(0);
    expect(effects()).toEqual([`${run} a`, `${run} a`, `${run} b`]);
    expect((await view(second, run)).jobs[0]?.steps[0]).toMatchObject({ status: 'success', attempt: 2 });
  }, 90_000);

  it('keeps runs that wait over the end of the server', async () => {
    const [worker, other] = [machine(), machine()];
    await DaemonProcess.start(worker);
    const run = await detach(other, 'ship');
    await until(async () => waitsForSomebody(await view(other, run)));
    await server.kill();
    expect((await other.kb('workflow:status', `--run-id=${run}`)).code, 'it says that the state cannot be reached').toBe(3);
    await server.restart();
    await until(async () => (await other.kb('workflow:approve', `--run-id=${run}`, '--step-id=ok')).code === 0);
    await until(async () => (await view(other, run)).status === 'success');
    expect(effects()).toEqual([`${run} make`, `${run} go`]);
  }, 60_000);

  it('is refused on a server that would forget it, saying how to mend that, unless that is wanted', async () => {
    const volatile = await startRedisServer({ appendonly: 'no' });
    try {
      const careful = machine({ KB_STATE_URL: volatile.url });
      const refused = await careful.kb('workflow:list-runs');
      expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('appendonly')]);
      careful.write('.kb/kb.config.yaml', 'redis: { allow-volatile: true }\n');
      expect((await careful.kb('workflow:list-runs')).code).toBe(0);
    } finally {
      await volatile.stop();
    }
  });
});

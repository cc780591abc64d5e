import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { AuditEntry, LogLine, NewApiKeyView, Page, Role, RunSummaryView, RunView } from '@kb-labs/contracts';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { CuttingProxy } from './cutting-proxy.fixture.js';
import { DaemonProcess } from './daemon.fixture.js';
import { type Answer, Project } from './project.fixture.js';
import { TerminalSession } from './terminal.fixture.js';

const LINES = 2_000;
const CUTS = 4;
const LOOK_MS = 10;

const DOCUMENTS = {
  '.kb/workflows/hello.yml': `
id: hello
permissions: { shell: true }
inputs: { name: { type: string, default: World }, times: { type: number, default: 1 } }
jobs:
  greet:
    strategy: { matrix: { n: [1, 2] } }
    steps: [ { id: say, shell: sh, run: 'echo "Hello \${{ inputs.name }} \${{ matrix.n }}"' } ]
  fail:
    steps: [ { id: no, shell: sh, run: 'echo "not this time" >&2; exit 3' } ]
  after: { needs: [fail], steps: [ { id: never, shell: sh, run: 'echo never' } ] }
`,
  '.kb/workflows/ship.yml': `
id: ship
permissions: { shell: true }
jobs:
  deploy:
    steps:
      - { id: ok, uses: "builtin:approval", with: { title: "Ship it?" } }
      - { id: done, shell: sh, run: 'echo "by \${{ steps.ok.outputs.approver }}"' }
`,
  '.kb/workflows/waits.yml': `
id: waits
jobs:
  signal: { steps: [ { id: s, uses: "builtin:wait", with: { signal: arrived } } ] }
`,
  '.kb/workflows/made.yml': `
id: made
permissions: { shell: true }
inputs: { from: { type: string, required: true } }
env: { FROM: "\${{ inputs.from }}" }
jobs:
  one: { steps: [ { id: copy, shell: sh, run: 'mkdir "$KB_ARTIFACTS/sub" && cp "$FROM" "$KB_ARTIFACTS/sub/bytes.bin"' } ] }
`,
  '.kb/workflows/held.yml': `
id: held
permissions: { shell: true }
inputs: { gate: { type: string, required: true } }
env: { GATE: "\${{ inputs.gate }}" }
jobs:
  one: { steps: [ { id: hold, shell: sh, run: 'echo held; while [ -e "$GATE" ]; do sleep 0.02; done' } ] }
`,
  '.kb/workflows/counting.yml': `
id: counting
permissions: { shell: true }
inputs: { gates: { type: string, required: true } }
env: { GATES: "\${{ inputs.gates }}" }
jobs:
  one:
    steps:
      - id: count
        shell: sh
        run: |
          i=0
          while [ $i -lt ${String(CUTS)} ]; do
            while [ -e "$GATES" ] && [ "$(wc -c < "$GATES")" -le $i ]; do sleep 0.02; done
            seq $((i * ${String(LINES / CUTS)} + 1)) $(((i + 1) * ${String(LINES / CUTS)}))
            i=$((i + 1))
          done
`,
  '.kb/workflows/broken.yml': 'id: broken\njobs: { one: { steps: [ { run: "echo" } ] } }\n',
};

let project: Project;
let daemon: DaemonProcess;
const keys: Record<string, string> = {};

beforeAll(async () => {
  project = new Project(DOCUMENTS);
  daemon = await DaemonProcess.start(project);
  const make = async (name: string, role: Role, tenant: string): Promise<void> => {
    keys[name] = (await project.json<NewApiKeyView>('auth:create-key', `--role=${role}`, `--name=${name}`, `--tenant=${tenant}`)).key;
  };
  await make('ada', 'admin', 'default');
  await make('viewer', 'viewer', 'default');
  await make('stranger', 'admin', 'elsewhere');
}, 60_000);
afterAll(() => project.remove());

/** A terminal on another machine: a folder that is no project, and the address of the gateway. */
function elsewhere({ key = 'ada', url = daemon.url, env = {} }: { key?: string; url?: string; env?: NodeJS.ProcessEnv } = {}): Project {
  const known = keys[key] ?? key;
  const terminal = new Project({}, { KB_URL: url, ...(known === '' ? {} : { KB_API_KEY: known }), ...env });
  rmSync(join(terminal.dir, '.kb'), { recursive: true });
  onTestFinished(() => terminal.remove());
  return terminal;
}

/** A command that goes on, heard while it does. */
class Command {
  readonly child;
  readonly ended: Promise<Answer>;
  stdout = '';
  stderr = '';

  constructor(terminal: Project, ...args: string[]) {
    this.child = terminal.start(...args);
    this.child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (this.stdout += chunk));
    this.child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (this.stderr += chunk));
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  async says(what: string): Promise<void> {
    while (!this.stdout.includes(what)) {
      if (this.child.exitCode !== null) throw new Error(`ended without saying "${what}":\n${this.stdout}\n${this.stderr}`);
      await wait(LOOK_MS);
    }
  }
}

async function startShip(): Promise<string> {
  return (await project.json<RunView>('workflow:run', '--workflow-id=ship', '--detach')).id;
}

function idIn(text: string): string {
  return /run_[0-9A-Z]{26}/.exec(text)?.[0] ?? '';
}

/** A file that holds a run while it is there. */
function newGate(name: string): string {
  const gate = join(project.dir, name);
  writeFileSync(gate, '');
  return gate;
}

describe('a run at a gateway', () => {
  it('is started and followed from a folder that is no project, and nothing is kept there', async () => {
    const here = elsewhere();
    const { code, stdout, stderr } = await here.kb('workflow:run', '--workflow-id=hello', '-f', 'name=Ada', '-f', 'times=3');
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toContain('Hello Ada 2');
    expect(stdout).toContain('EXIT_CODE: the script ended with exit code 3');
    expect(stdout).toContain('! not this time');
    const run = await here.json<RunView>('workflow:status', `--run-id=${idIn(stdout)}`);
    expect(run).toMatchObject({ status: 'failed', input: { name: 'Ada', times: 3 }, trigger: { type: 'manual', actor: 'ada' } });
    expect(readdirSync(here.dir)).toEqual([]);
  });

  it('is followed by a second terminal and cancelled by a third', async () => {
    const gate = newGate('second.gate');
    const [one, two, three] = [elsewhere(), elsewhere({ key: 'viewer' }), elsewhere()];
    const running = new Command(one, 'workflow:run', '--workflow-id=held', '-f', `gate=${gate}`);
    await running.says('| held');
    const watching = new Command(two, 'workflow:watch', `--run-id=${idIn(running.stdout)}`);
    await watching.says('| held');
    expect(await three.kb('workflow:cancel', `--run-id=${idIn(running.stdout)}`, '--note=enough')).toMatchObject({ code: 0, stdout: expect.stringContaining('cancelled') as string });
    expect(await running.ended).toMatchObject({ code: 1, stdout: expect.stringContaining('cancelled') as string });
    expect(await watching.ended).toMatchObject({ code: 1, stdout: expect.stringContaining('cancelled') as string });
    expect(await two.kb('workflow:cancel', `--run-id=${idIn(running.stdout)}`), 'a viewer only looks').toMatchObject({ code: 4 });
  });

  it('is cancelled by Ctrl-C, and only left by it in watch', async () => {
    const gate = newGate('third.gate');
    const running = new Command(elsewhere(), 'workflow:run', '--workflow-id=held', '-f', `gate=${gate}`);
    await running.says('| held');
    const id = idIn(running.stdout);
    const watching = new Command(elsewhere(), 'workflow:watch', `--run-id=${id}`);
    await watching.says('| held');
    watching.child.kill('SIGINT');
    expect(await watching.ended).toMatchObject({ code: 130, stderr: expect.stringContaining(`kb workflow:watch --run-id=${id}`) as string });
    expect(await project.json<RunView>('workflow:status', `--run-id=${id}`)).toMatchObject({ status: 'running' });
    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 130 });
    expect(await project.json<RunView>('workflow:status', `--run-id=${id}`)).toMatchObject({ status: 'cancelled' });
    const { items } = await elsewhere().json<Page<AuditEntry>>('audit:list', '--limit=200');
    expect(items.filter(({ action, target }) => action === 'cancelRun' && target.includes(id)).map(({ actor, outcome }) => [actor, outcome])).toEqual([['ada', 'asked']]);
  });

  it('is left to the daemon with --detach, and started once for a key', async () => {
    const here = elsewhere();
    const start = (...args: string[]): Promise<Answer> => here.kb('workflow:run', '--workflow-id=hello', '--detach', '--idempotency-key=build-1', ...args);
    const first = await start();
    expect(first).toMatchObject({ code: 0, stderr: '' });
    const again = await start();
    expect(idIn(again.stdout)).toBe(idIn(first.stdout));
    expect(again.stderr).toContain('the key "build-1" has started');
    expect(await start('-f', 'name=Bob')).toMatchObject({ code: 6, stderr: expect.stringContaining('IDEMPOTENCY_CONFLICT') as string });
  });

  it('goes on after an approval that another terminal gives with its key', async () => {
    const here = elsewhere();
    const running = new Command(here, 'workflow:run', '--workflow-id=ship', '--json');
    let item: { runId: string; step: string } | undefined;
    while (item === undefined) ({ items: [item] } = await here.json<Page<{ runId: string; step: string }>>('workflow:approvals'));
    const decide = ['--step-id=deploy/ok', `--run-id=${item.runId}`];
    expect(await elsewhere({ key: 'viewer' }).kb('workflow:approve', ...decide)).toMatchObject({ code: 4, stderr: expect.stringContaining('FORBIDDEN') as string });
    expect(await here.kb('workflow:approve', ...decide, '--as=eve')).toMatchObject({ code: 2, stderr: expect.stringContaining('--as does not go with KB_URL') as string });
    expect(await here.kb('workflow:approve', ...decide, '--comment=fine')).toMatchObject({ code: 0, stdout: expect.stringContaining('✓ approved') as string });
    const ended = await running.ended;
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const run = JSON.parse(ended.stdout) as RunView;
    expect(run.jobs[0]?.steps[0]?.outputs).toMatchObject({ approver: 'ada', comment: 'fine' });
    expect(run).toEqual(await project.json('workflow:status', `--run-id=${run.id}`));
    expect(await here.kb('workflow:reject', ...decide), 'it is decided').toMatchObject({ code: 6 });
  });

  it('asks in a terminal for what its key may decide, and only then', async () => {
    for (const key of ['ada', 'viewer']) {
      const session = new TerminalSession(elsewhere({ key }), ['workflow:watch', `--run-id=${await startShip()}`]);
      onTestFinished(() => session.pty.kill('SIGKILL'));
      if (key === 'viewer') {
        const [id] = await session.shows(/run_[0-9A-Z]{26}/);
        await session.shows(/waiting/);
        expect(await elsewhere().kb('workflow:reject', `--run-id=${id}`, '--step-id=ok')).toMatchObject({ code: 0 });
        expect(await session.ended).toBe(1);
        expect(session.text).not.toContain('Approve?');
      } else {
        await session.shows(/Approve\?/);
        session.type('y\r');
        await session.shows(/Comment/);
        session.type('by hand\r');
        expect(await session.ended).toBe(0);
      }
    }
    const { items } = await elsewhere().json<Page<AuditEntry>>('audit:list', '--limit=50');
    expect(items.filter(({ action }) => action === 'decideApproval').map(({ actor }) => actor).slice(0, 2)).toEqual(['ada', 'ada']);
  });

  it('hears a signal and a callback, is explained and run again', async () => {
    const here = elsewhere();
    const { id } = await here.json<RunView>('workflow:run', '--workflow-id=waits', '--detach');
    while ((await here.json<RunView>('workflow:status', `--run-id=${id}`)).status !== 'waiting') await wait(LOOK_MS);
    expect((await here.kb('workflow:explain', `--run-id=${id}`)).stdout).toContain('arrived');
    expect(await here.kb('workflow:signal', 'arrived', '--data={"n":1}')).toMatchObject({ code: 0, stdout: expect.stringContaining('arrived → signal/s') as string });
    expect(await here.kb('workflow:watch', `--run-id=${id}`)).toMatchObject({ code: 0 });
    expect(await here.kb('workflow:signal', 'arrived')).toMatchObject({ code: 5 });
    expect(await here.kb('workflow:callback', `https://kb.example.com/api/v1/callbacks/${id}.x`)).toMatchObject({ code: 5, stderr: expect.stringContaining('CALLBACK_UNKNOWN') as string });
    const failed = await here.kb('workflow:run', '--workflow-id=hello');
    const [begun = '', ended = ''] = (await here.kb('workflow:rerun', `--run-id=${idIn(failed.stdout)}`, '--failed', '--json')).stdout.trim().split('\n');
    expect(JSON.parse(begun)).toMatchObject({ rerunOf: idIn(failed.stdout), keeps: expect.arrayContaining([expect.objectContaining({ job: 'greet.1' })]) as unknown });
    expect(JSON.parse(ended)).toMatchObject({ status: 'failed', rerunOf: idIn(failed.stdout) });
  });

  it('gives back its artifacts byte for byte', async () => {
    const here = elsewhere();
    const bytes = randomBytes(3_000_000);
    project.write('bytes.bin', bytes);
    const run = await here.json<RunView>('workflow:run', '--workflow-id=made', '-f', `from=${join(project.dir, 'bytes.bin')}`);
    const fetch = ['workflow:artifacts', `--run-id=${run.id}`, '--download=sub/bytes.bin'];
    expect(await here.json(...fetch)).toMatchObject({ name: 'sub/bytes.bin', bytes: bytes.length, file: join(here.dir, 'sub-bytes.bin') });
    expect(readFileSync(join(here.dir, 'sub-bytes.bin')).equals(bytes)).toBe(true);
    expect(await here.kb(...fetch), 'never over a file that is there').toMatchObject({ code: 2 });
    const answer = await here.kb('workflow:artifacts', `--run-id=${run.id}`, '--download=sub/bytes.bn', '--output=other');
    expect(answer).toMatchObject({ code: 5, stderr: expect.stringContaining('sub/bytes.bin') as string });
    expect(readdirSync(here.dir)).toEqual(['sub-bytes.bin']);
  });
});

describe('what a command prints with --json', () => {
  it('is the same at the gateway and on its state', async () => {
    const here = elsewhere();
    const run = await here.json<RunView>('workflow:run', '--workflow-id=hello');
    const waiting = await here.json<RunView>('workflow:run', '--workflow-id=ship', '--detach');
    while ((await here.json<RunView>('workflow:status', `--run-id=${waiting.id}`)).status !== 'waiting') await wait(LOOK_MS);
    const page = await here.json<{ nextCursor: string }>('workflow:logs', `--run-id=${run.id}`, '--limit=1');
    project.write('good.yml', 'id: good\npermissions: { shell: true }\njobs: { one: { steps: [ { run: "echo" } ] } }\n');
    here.write('good.yml', readFileSync(join(project.dir, 'good.yml')));
    const commands = [
      ['workflow:list-runs'],
      ['workflow:list-runs', '--workflow-id=hello', '--status=failed', '--limit=1', '--since=1h'],
      ...[run, waiting].flatMap(({ id }) => ['status', 'explain', 'logs', 'artifacts'].map((verb) => [`workflow:${verb}`, `--run-id=${id}`])),
      ['workflow:explain', `--run-id=${run.id}`, '--job=after'],
      ['workflow:logs', `--run-id=${run.id}`, '--limit=1'],
      ['workflow:logs', `--run-id=${run.id}`, '--limit=1', `--cursor=${page.nextCursor}`],
      ['workflow:logs', `--run-id=${run.id}`, '--job=greet', '--step=say'],
      ['workflow:logs', `--run-id=${run.id}`, '--follow'],
      ['workflow:watch', `--run-id=${run.id}`],
      ['workflow:approvals'],
      ['workflow:list'],
      ['workflow:show', '--workflow-id=hello'],
      ['workflow:validate'],
      ['workflow:validate', 'good.yml'],
      ['plugin:list'],
      ['auth:list-keys'],
      ['audit:list', '--limit=5', '--tenant=default'],
      // What goes wrong, too.
      ['workflow:status', '--run-id=run_01M7YWA450A7CWJQHPHQB93R3P'],
      ['workflow:show', '--workflow-id=helo'],
      ['workflow:cancel', `--run-id=${run.id}`],
      ['workflow:rerun', `--run-id=${waiting.id}`],
      ['workflow:logs', `--run-id=${run.id}`, '--job=gret'],
    ];
    for (const command of commands) {
      const [remote, local] = await Promise.all([here.kb(...command.filter((word) => word !== '--tenant=default'), '--json'), project.kb(...command, '--json')]);
      expect(local.stdout, command.join(' ')).not.toBe('');
      expect([remote.code, ...valuesIn(remote.stdout)], command.join(' ')).toEqual([local.code, ...valuesIn(local.stdout)]);
    }
  }, 120_000);
});

describe('a document that is checked by a gateway', () => {
  it('is shown with its mistakes from where it lies', async () => {
    const here = elsewhere();
    here.write('bad.yml', 'id: bad\njobs:\n  one: { need: [two], steps: [ { uses: "builtin:sleep", with: { for: 1s } } ] }\n');
    const { code, stdout } = await here.kb('workflow:validate', 'bad.yml');
    expect(code).toBe(2);
    expect(stdout).toMatch(/bad\.yml:3:\d+/);
    expect(stdout).toContain('one: { need: [two]');
  });
});

function valuesIn(stdout: string): unknown[] {
  // When a key was last used is noted once a minute, by the very request that asks for it.
  return stdout.trim().split('\n').map((line): unknown => JSON.parse(line, (name, value: unknown) => (name === 'lastUsedAt' ? undefined : value)));
}

describe('a connection that breaks', () => {
  it(`costs a follower no line and none twice (${String(CUTS)} times)`, async () => {
    const proxy = await CuttingProxy.to(daemon.url);
    onTestFinished(() => proxy.close());
    const gates = join(project.dir, 'gates');
    writeFileSync(gates, '.');
    const { id } = await project.json<RunView>('workflow:run', '--workflow-id=counting', '--detach', '-f', `gates=${gates}`);
    const here = elsewhere({ url: proxy.url });
    const follower = new Command(here, 'workflow:logs', `--run-id=${id}`, '--follow', '--json');
    const watcher = new Command(here, 'workflow:watch', `--run-id=${id}`);
    for (let cut = 1; cut < CUTS; cut += 1) {
      const seen = (cut * LINES) / CUTS;
      await Promise.all([follower.says(`"n":${String(seen)},`), watcher.says(`| ${String(seen)}\n`)]);
      expect(proxy.cut()).toBeGreaterThan(1);
      appendFileSync(gates, '.');
    }
    const [followed, watched] = await Promise.all([follower.ended, watcher.ended]);
    expect([followed.code, followed.stderr, watched.code, watched.stderr]).toEqual([0, '', 0, '']);
    const numbers = followed.stdout.trim().split('\n').map((line) => Number((JSON.parse(line) as LogLine).text));
    expect(numbers).toEqual(Array.from({ length: LINES }, (_, index) => index + 1));
    expect([...watched.stdout.matchAll(/\| (\d+)\n/g)].map(([, n]) => Number(n))).toEqual(numbers);
    expect(watched.stdout).toContain('✓ success');
    expect(proxy.made, 'and it was cut').toBeGreaterThanOrEqual(2 * CUTS);
  }, 60_000);
});

describe('who may not', () => {
  it.each([['none', ''], ['a wrong one', `kb_${'0'.repeat(19)}_${'A'.repeat(43)}`], ['something else', 'secret']])('is told about KB_API_KEY with %s', async (_, key) => {
    const answer = await elsewhere({ key }).kb('workflow:list-runs');
    expect(answer).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining('KB_API_KEY') as string });
    expect(answer.stderr).toContain('UNAUTHENTICATED');
    expect(answer.stderr).not.toContain('A'.repeat(43));
  });

  it('finds nothing of another tenant', async () => {
    const { items } = await project.json<Page<RunSummaryView>>('workflow:list-runs', '--limit=1');
    const id = items[0]?.id ?? '';
    const stranger = elsewhere({ key: 'stranger' });
    expect(await stranger.json<Page<RunSummaryView>>('workflow:list-runs')).toEqual({ items: [] });
    for (const verb of ['status', 'watch', 'logs', 'explain', 'artifacts', 'cancel', 'rerun', 'approve']) {
      const answer = await stranger.kb(`workflow:${verb}`, `--run-id=${id}`, ...(verb === 'approve' ? ['--step-id=ok'] : []), ...(verb === 'logs' ? ['--follow'] : []));
      expect(answer, verb).toMatchObject({ code: 5, stdout: '', stderr: expect.stringContaining('RUN_NOT_FOUND') as string });
    }
    expect(await stranger.kb('workflow:signal', 'arrived', `--run-id=${id}`)).toMatchObject({ code: 5 });
    expect(await stranger.kb('auth:list-keys', '--tenant=default')).toMatchObject({ code: 2, stderr: expect.stringContaining('KB_API_KEY') as string });
  });

  it('makes keys for its own tenant, and takes them back', async () => {
    const stranger = elsewhere({ key: 'stranger' });
    const made = await stranger.json<NewApiKeyView>('auth:create-key', '--role=viewer', '--expires=1h');
    expect(made).toMatchObject({ name: 'stranger', role: 'viewer', tenant: 'elsewhere' });
    const theirs = elsewhere({ key: made.key });
    expect(await theirs.kb('workflow:list-runs')).toMatchObject({ code: 0 });
    expect(await theirs.kb('auth:create-key', '--role=viewer')).toMatchObject({ code: 4 });
    expect(await stranger.kb('auth:revoke-key', made.id)).toMatchObject({ code: 0 });
  });
});

describe('where no gateway is', () => {
  it('says which address it has asked, with 3', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const url = `http://127.0.0.1:${String(port)}`;
    const here = elsewhere({ url });
    for (const command of [['workflow:list-runs'], ['workflow:run', '--workflow-id=hello'], ['workflow:watch', '--run-id=run_01M7YWA450A7CWJQHPHQB93R3P']]) {
      expect(await here.kb(...command), command.join(' ')).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining(url) as string });
    }
    expect(JSON.parse((await here.kb('workflow:list-runs', '--json')).stdout)).toMatchObject({ code: 'GATEWAY_UNREACHABLE', details: { url, problem: 'nothing listens there' } });
    expect(await elsewhere({ url: 'nowhere' }).kb('workflow:list-runs')).toMatchObject({ code: 2, stderr: expect.stringContaining('KB_URL') as string });
  });
});

describe('a command that needs the state of a project', () => {
  it('is refused where KB_URL is set, also within a project, and touches nothing', async () => {
    const here = new Project({ '.kb/workflows/good.yml': 'id: good\npermissions: { shell: true }\njobs: { one: { steps: [ { run: "echo" } ] } }\n' }, { KB_URL: daemon.url, KB_API_KEY: keys['ada'] });
    onTestFinished(() => here.remove());
    for (const command of [['workflow:resume', '--run-id=run_01M7YWA450A7CWJQHPHQB93R3P'], ['workflow:plan', '--workflow-id=good'], ['audit:verify'], ['workflow:run', '--workflow-id=good', '--dry-run']]) {
      expect(await here.kb(...command), command.join(' ')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--project') as string });
    }
    expect(await here.kb('workflow:run', '--workflow-id=good'), 'the gateway has no such workflow').toMatchObject({ code: 5 });
    expect(existsSync(join(here.dir, '.kb/state'))).toBe(false);
    expect(await here.kb('workflow:run', '--workflow-id=good', `--project=${here.dir}`), 'a project that is named wins').toMatchObject({ code: 0 });
    expect((await here.json<Page<RunSummaryView>>('workflow:list-runs', `--project=${here.dir}`)).items).toHaveLength(1);
  });
});

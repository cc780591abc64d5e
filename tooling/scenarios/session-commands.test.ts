import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { NewApiKeyView, PlaybookView, PromptView, SessionRunView, SessionView, TaskView } from '@kb-labs/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DaemonProcess } from './daemon.fixture.js';
import { Project } from './project.fixture.js';

const DOCUMENTS = {
  '.kb/workflows/asks.yml': `
id: asks
permissions: { shell: true }
jobs:
  ask: { steps: [ { id: ok, uses: "builtin:approval", with: { title: Go on? } } ] }
  say: { steps: [ { id: say, shell: sh, run: 'echo one; echo two; exit 3' , continue-on-error: true } ] }
`,
  '.kb/workflows/fills.yml': `
id: fills
jobs:
  fill:
    steps:
      - id: where
        uses: builtin:approval
        with: { title: Where?, form: { type: object, properties: { region: { type: string, enum: [eu, us] } }, required: [region], additionalProperties: false } }
`,
  'asks.json': '{"workflow_id":"asks","metadata":{"who":"me"}}',
  'fills.json': '{"workflow_id":"fills"}',
  'sly.json': '{"workflow_id":"fills","metadata":{"deep":[{"kheish_flow":{}}]}}',
  'one.yml': 'playbook_id: p\nversion: "1"\ntitle: One\nobjective: To ask.\nruntime_defaults: { workflow_id: asks }\n',
  'two.json': '{"playbook_id":"p","version":"2","title":"Two","objective":"To fill.","runtime_defaults":{"workflow_id":"fills"}}',
  'wrong.yml': 'playbook_id: p\nversion: "1"\ntitle: One\nobjective: To ask.\nruntime_defaults: { workflow_id: nowhere }\n',
};

let project: Project;
let elsewhere: Project;
let daemon: DaemonProcess;

beforeAll(async () => {
  project = new Project(DOCUMENTS);
  daemon = await DaemonProcess.start(project);
  const { key } = await project.json<NewApiKeyView>('auth:create-key', '--role=admin', '--name=ada');
  elsewhere = new Project(DOCUMENTS, { KB_URL: daemon.url, KB_API_KEY: key });
  rmSync(join(elsewhere.dir, '.kb'), { recursive: true });
}, 60_000);
afterAll(async () => {
  await daemon.kill('SIGTERM');
  elsewhere.remove();
  project.remove();
});

async function until<Found>(read: () => Promise<Found>, holds: (found: Found) => boolean): Promise<Found> {
  // Each look is a process: they become rarer.
  for (let pauseMs = 20; ; pauseMs = Math.min(2 * pauseMs, 500)) {
    const found = await read();
    if (holds(found)) return found;
    await wait(pauseMs);
  }
}

/** What a command prints on the state of the project is what it prints at the gateway. */
async function same<Found>(...args: string[]): Promise<Found> {
  const [here, there] = await Promise.all([project.kb(...args, '--json'), elsewhere.kb(...args, '--json')]);
  expect([there.stdout, there.code], args.join(' ')).toEqual([here.stdout, here.code]);
  return JSON.parse(here.stdout) as Found;
}

async function code(...args: string[]): Promise<[number | null, string]> {
  const [here, there] = await Promise.all([project.kb(...args, '--json'), elsewhere.kb(...args, '--json')]);
  const [found, other] = [here, there].map(({ code: exit, stdout }) => [exit, (JSON.parse(stdout) as { code: string }).code]);
  expect(other).toEqual(found);
  return found as [number, string];
}

describe('commands on sessions, here and at a gateway', () => {
  it('open one, have runs in it, decide and answer', async () => {
    expect(await project.json<SessionView>('sessions', 'create', 's', '--title=S', '--metadata-json={"a":1}')).toMatchObject({ session_id: 's', metadata: { a: 1 } });
    const asks = await elsewhere.json<SessionRunView>('sessions', 'submit', 's', '--request-file=asks.json');
    const fills = await project.json<SessionRunView>('sessions:submit', 's', '--request-file', 'fills.json');
    expect([fills.status, asks.metadata]).toEqual(['queued', { who: 'me' }]);
    expect(await code('sessions', 'submit', 's', '--request-file=sly.json')).toEqual([2, 'RESERVED_KEY']);
    expect(await code('sessions', 'end', 's')).toEqual([6, 'SESSION_BUSY']);

    const task = `${asks.run_id}.say`;
    await until(() => project.json<TaskView>('tasks', 'get', task), ({ status }) => status === 'failed');
    expect(await same<TaskView>('tasks', 'get', task)).toMatchObject({ exit_code: 3, status: 'failed' });
    expect((await same<{ items: { text: string }[] }>('tasks', 'output', task)).items.map(({ text }) => text)).toEqual(expect.arrayContaining(['one', 'two']));
    expect((await project.kb('tasks', 'output', task)).stdout).toMatch(/say\/say \| one\nsay\/say \| two\n/);
    expect((await same<{ items: TaskView[] }>('tasks', 'list', '--session-id=s', '--status=failed')).items.map(({ task_id }) => task_id)).toEqual([task]);

    const { items } = await until(() => project.json<{ items: PromptView[] }>('approvals', 'list', '--status=pending'), (page) => page.items.length === 1);
    const approval = items[0]?.id ?? '';
    await same('approvals', 'list', '--session-id=s');
    expect(await code('approvals', 'allow', approval, '--subject=sha256:other')).toMatchObject([6, expect.any(String)]);
    expect(await elsewhere.json<PromptView>('approvals', 'allow', approval, '--comment=fine')).toMatchObject({ status: 'allowed', resolved_by: 'ada', comment: 'fine' });
    expect(await code('approvals', 'deny', approval)).toEqual([6, 'NOT_WAITING']);

    const questions = await until(() => project.json<{ items: PromptView[] }>('questions', 'list', '--status=pending'), (page) => page.items.length === 1);
    const question = questions.items[0]?.id ?? '';
    expect(question).toBe(`${fills.run_id}.fill.where.1`);
    expect(await code('questions', 'answer', question, '--data={"region":"moon"}')).toMatchObject([2, expect.any(String)]);
    expect(await project.json<PromptView>('questions', 'answer', question, '--data={"region":"eu"}')).toMatchObject({ status: 'answered', answer: { region: 'eu' } });
    const streamed = await elsewhere.kb('runs', 'stream', fills.run_id, '--json');
    expect(streamed.stdout.trim().split('\n').map((line) => (JSON.parse(line) as { type: string }).type).at(-1)).toBe('run.finished');
    expect((await same<{ items: { type: string }[] }>('runs', 'events', fills.run_id)).items[0]).toMatchObject({ type: 'run.started' });
    expect(await same('runs', 'get', fills.run_id)).toMatchObject({ status: 'completed' });
    expect((await same<{ items: SessionRunView[] }>('runs', 'list', '--session-id=s')).items.map(({ run_id }) => run_id)).toEqual([fills.run_id, asks.run_id]);
    for (const command of [['sessions', 'list'], ['sessions', 'get', 's'], ['agents', 'list'], ['agents', 'get', 'agent-s'], ['questions', 'list']]) await same(...command);
  }, 60_000);

  it('cancel a run, stop a task, and end the session', async () => {
    const first = await project.json<SessionRunView>('sessions', 'submit', 's', '--request-file=asks.json');
    const second = await project.json<SessionRunView>('sessions', 'submit', 's', '--request-file=asks.json');
    expect(await project.json('runs', 'cancel', second.run_id, '--note=later')).toMatchObject({ status: 'cancelled' });
    await until(() => project.json<SessionRunView>('runs', 'get', first.run_id), ({ status }) => status === 'waiting_for_approval');
    await elsewhere.json('tasks', 'stop', `${first.run_id}.ask`, '--note=enough');
    await until(() => project.json<TaskView>('tasks', 'get', `${first.run_id}.ask`), ({ status }) => status === 'cancelled');
    await until(() => project.json<SessionView>('sessions', 'get', 's'), ({ status }) => status === 'idle');
    expect(await elsewhere.json('sessions', 'end', 's')).toMatchObject({ status: 'ended' });
    expect(await code('sessions', 'submit', 's', '--request-file=asks.json')).toEqual([6, 'SESSION_ENDED']);
    expect(await code('sessions', 'get', 'nowhere')).toEqual([5, 'SESSION_NOT_FOUND']);
    expect(await code('runs', 'get', 'nowhere')).toEqual([5, 'RUN_NOT_FOUND']);
    expect(await code('agents', 'get', 'nowhere')).toEqual([5, 'AGENT_NOT_FOUND']);
  }, 60_000);
});

describe('commands on playbooks, here and at a gateway', () => {
  it('check, keep, compare, release and take back versions', async () => {
    const wrong = await project.kb('playbooks', 'validate', '--manifest-file=wrong.yml');
    expect([wrong.code, wrong.stdout]).toEqual([2, expect.stringMatching(/wrong\.yml:5:\d+[\s\S]*nowhere/)]);
    expect(await same('playbooks', 'validate', '--manifest-file=wrong.yml')).toMatchObject({ valid: false });
    const one = await project.json<PlaybookView>('playbooks', 'create', '--manifest-file=one.yml');
    const two = await elsewhere.json<PlaybookView>('playbooks', 'create', '--manifest-file=two.json');
    expect((await same<{ items: PlaybookView[] }>('playbooks', 'list', '--playbook-id=p')).items.map(({ version, digest }) => [version, digest])).toEqual([['1', one.digest], ['2', two.digest]]);
    expect(await same('playbooks', 'diff', 'p', '--from=1', '--to=2')).toMatchObject({ problems: [], manifest: expect.arrayContaining([expect.objectContaining({ path: 'objective' })]) as unknown });
    expect((await project.kb('playbooks', 'diff', 'p', '--from=1', '--to=2')).stdout).toContain('"To ask." → "To fill."');
    const evidence = '--evidence-refs-json=[{"kind":"review","id":"x"}]';
    expect(await code('playbooks', 'publish', 'p', '--version=1', `--digest=${two.digest}`, '--status=active', evidence)).toEqual([6, 'PLAYBOOK_DIGEST_MISMATCH']);
    expect(await code('playbooks', 'publish', 'p', '--version=1', `--digest=${one.digest}`, '--status=active', '--evidence-refs-json=[]')).toEqual([2, 'PLAYBOOK_EVIDENCE_MISSING']);
    await elsewhere.json('playbooks', 'publish', 'p', '--version=1', `--digest=${one.digest}`, '--status=active', evidence);
    await project.json('playbooks', 'publish', 'p', '--version=2', `--digest=${two.digest}`, '--status=active', evidence);
    expect(await same('playbooks', 'get', 'p', '--version=1')).toMatchObject({ status: 'verified' });
    await project.json('playbooks', 'revoke', 'p', '--version=2', `--digest=${two.digest}`, '--reason=mistaken');
    expect(await same('playbooks', 'get', 'p', '--version=2')).toMatchObject({ status: 'revoked' });
    expect(await same('playbooks', 'get', 'p')).toMatchObject({ version: '1' });
  }, 60_000);

  it('start flows, list them and cancel them', async () => {
    const { digest } = await project.json<PlaybookView>('playbooks', 'get', 'p');
    await project.json('sessions', 'create', 'f');
    project.write('none.json', '{}');
    elsewhere.write('none.json', '{}');
    const start = ['flows', 'start', '--playbook-id=p', '--version=1', `--digest=${digest}`, '--session-id=f', '--request-file=none.json', '--flow-id=one', '--metadata-json={"a":1}'];
    expect(await elsewhere.json(...start)).toMatchObject({ flow_id: 'one', metadata: { a: 1 } });
    expect(await project.json(...start), 'the same again').toMatchObject({ flow_id: 'one' });
    expect(await code(...start, '--idempotency-key=other')).toEqual([6, 'FLOW_CONFLICT']);
    await until(() => project.json<{ pending_approval_ids: string[] }>('flows', 'get', 'one'), ({ pending_approval_ids }) => pending_approval_ids.length === 1);
    await project.json('flows', 'cancel', 'one', '--reason=mistaken');
    const events = await elsewhere.kb('flows', 'stream', 'one', '--json');
    expect(events.stdout.trim().split('\n').at(-1)).toContain('run.finished');
    expect(await same('flows', 'get', 'one')).toMatchObject({ status: 'failed', cancel_requested: { reason: 'mistaken' } });
    expect((await same<{ items: { flow_id: string }[] }>('flows', 'list')).items.map(({ flow_id }) => flow_id)).toEqual(['one']);
    const [here, there] = [await project.kb('flows', 'export', 'one'), await elsewhere.kb('flows', 'export', 'one')];
    expect(there.stdout).toBe(here.stdout);
    project.write('flow.json', here.stdout);
    expect(await project.json('flows', 'verify', 'flow.json')).toMatchObject({ ok: true, problems: [], flow_id: 'one', status: 'failed' });
    expect(await code('flows', 'evidence', 'one', '--evidence-refs-json=[{"kind":"task","id":"elsewhere"}]')).toEqual([2, 'EVIDENCE_NOT_IN_FLOW']);
    expect(await code('flows', 'evidence', 'one', '--evidence-refs-json={}')).toEqual([2, 'USAGE']);
    expect(await code('flows', 'get', 'nowhere')).toEqual([5, 'FLOW_NOT_FOUND']);
  }, 60_000);
});

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { kb, makeProject } from './drive-kb.js';

const HELLO = `id: hello
name: Hello
inputs:
  who: { type: string, default: world }
  times: { type: number, default: 1 }
permissions: { shell: true }
jobs:
  greet:
    outputs: { text: "\${{ steps.say.outputs.text }}" }
    steps:
      - id: say
        run: |
          echo "Hello, \${{ inputs.who }}"
          echo "text=Hello, \${{ inputs.who }}" >> "$KB_OUTPUT"
          echo "# Report" > "$KB_ARTIFACTS/report.md"
outputs: { text: "\${{ jobs.greet.outputs.text }}" }
`;
const FAILS = `id: fails
permissions: { shell: true }
jobs:
  a:
    steps:
      - id: boom
        run: "echo before; echo oops >&2; exit 3"
`;
const BROKEN = `id: broken
jobs:
  a:
    neeeds: [b]
    steps:
      - run: "true"
`;

let project: ReturnType<typeof makeProject>;

beforeAll(() => {
  project = makeProject({ 'hello.yml': HELLO, 'fails.yml': FAILS });
});
afterAll(() => {
  project.remove();
});

function run(...args: string[]) {
  return kb(project.root, args);
}

function idOf(text: string): string {
  return /run_[0-9A-Z]{26}/.exec(text)?.[0] ?? '';
}

describe('workflow:run', () => {
  it('runs to success, with times on lines, outputs and artifacts', async () => {
    const { code, stdout, stderr } = await run('workflow:run', '--workflow-id=hello', '-f', 'who=Ada');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z hello run run_/);
    expect(stdout).toContain('greet/say | Hello, Ada');
    expect(stdout).toMatch(/✓ success {2}hello/);
    expect(stdout).toContain('text: Hello, Ada');
    expect(stdout).toContain('report.md  markdown, 9 B');
  });

  it('prints one JSON value with --json, which is what status prints too', async () => {
    const { code, stdout } = await run('workflow:run', '--workflow-id=hello', '--json', '--input={"who":"x"}');
    expect(code).toBe(0);
    const view = JSON.parse(stdout) as { id: string; status: string; input: object };
    expect(view).toMatchObject({ workflowId: 'hello', status: 'success', input: { who: 'x', times: 1 }, outputs: { text: 'Hello, x' } });
    const status = await run('workflow:status', `--run-id=${view.id}`, '--json');
    expect(JSON.parse(status.stdout)).toEqual(view);
  });

  it('ends with 1 and shows what failed, its last lines and what to do', async () => {
    const { code, stdout } = await run('workflow:run', '--workflow-id=fails');
    expect(code).toBe(1);
    expect(stdout).toContain('✗ a/boom  EXIT_CODE');
    expect(stdout).toContain('  a/boom ! oops');
    expect(stdout).toContain('kb workflow:logs --run-id=run_');
  });

  it('starts one run for one key, and refuses the key for another request', async () => {
    const first = await run('workflow:run', '--workflow-id=hello', '--idempotency-key=k1', '--json');
    const second = await run('workflow:run', '--workflow-id=hello', '--idempotency-key=k1', '--json');
    expect(JSON.parse(second.stdout)).toEqual(JSON.parse(first.stdout));
    const other = await run('workflow:run', '--workflow-id=hello', '--idempotency-key=k1', '-f', 'who=else', '--json');
    expect(other.code).toBe(6);
    expect(JSON.parse(other.stdout)).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('refuses what is wrong before anything runs', async () => {
    expect(await run('workflow:run', '--workflow-id=helo', '--json')).toMatchObject({ code: 5, stdout: expect.stringContaining('did you mean \\"hello\\"?') as string });
    expect((await run('workflow:run', '--workflow-id=hello', '-f', 'times=many')).code).toBe(2);
    expect((await run('workflow:run', '--workflow-id=hello', '-f', 'whoo=x')).stderr).toContain('INPUT_INVALID');
    expect((await run('workflow:run')).stderr).toContain('--workflow-id is missing');
    expect((await run('workflow:run', '--workflow=hello')).stderr).toContain('hint: did you mean');
  });

  it('plans without starting', async () => {
    const before = JSON.parse((await run('workflow:list-runs', '--json', '--limit=200')).stdout) as { items: object[] };
    const { code, stdout } = await run('workflow:run', '--workflow-id=hello', '--dry-run', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ workflow: { id: 'hello' }, inputs: { who: 'world', times: 1 } });
    const after = JSON.parse((await run('workflow:list-runs', '--json', '--limit=200')).stdout) as { items: object[] };
    expect(after.items).toHaveLength(before.items.length);
  });

  it('works in a process of its own with --detach', async () => {
    const { code, stdout } = await run('workflow:run', '--workflow-id=hello', '--detach');
    expect(code).toBe(0);
    const watched = await run('workflow:watch', `--run-id=${idOf(stdout)}`, '--json');
    expect(watched.code).toBe(0);
    expect(JSON.parse(watched.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ status: 'success' });
    expect(watched.stderr).not.toContain('nobody carries');
  });
});

describe('what is kept', () => {
  it('is listed page by page, newest first', async () => {
    await run('workflow:run', '--workflow-id=hello');
    await run('workflow:run', '--workflow-id=fails');
    const table = await run('workflow:list-runs', '--limit=2');
    expect(table.stdout).toMatch(/^RUN +WORKFLOW +STATUS +BY +STARTED +TOOK\nrun_\w+ +fails +✗ failed/);
    const page = JSON.parse((await run('workflow:list-runs', '--limit=1', '--json')).stdout) as { items: { id: string }[]; nextCursor: string };
    const next = JSON.parse((await run('workflow:list-runs', '--limit=1', `--cursor=${page.nextCursor}`, '--json')).stdout) as { items: { id: string }[] };
    expect(next.items[0]?.id).not.toBe(page.items[0]?.id);
    const failed = JSON.parse((await run('workflow:list-runs', '--status=failed', '--workflow-id=fails', '--json')).stdout) as { items: { status: string }[] };
    expect(new Set(failed.items.map(({ status }) => status))).toEqual(new Set(['failed']));
  });

  it('has logs and artifacts', async () => {
    const id = idOf((await run('workflow:run', '--workflow-id=hello')).stdout);
    expect((await run('workflow:logs', `--run-id=${id}`)).stdout).toBe('greet/say | Hello, world\n');
    expect(JSON.parse((await run('workflow:logs', `--run-id=${id}`, '--json')).stdout)).toMatchObject({ items: [{ job: 'greet', step: 'say', n: 1, text: 'Hello, world' }] });
    expect((await run('workflow:logs', `--run-id=${id}`, '--step=sya')).stderr).toContain('STEP_NOT_FOUND');
    const shown = await run('workflow:artifacts', `--run-id=${id}`, '--download=report.md', '--output=-');
    expect(shown.stdout).toBe('# Report\n');
    expect((await run('workflow:artifacts', `--run-id=${id}`, '--download=report.md')).code).toBe(0);
    expect(readFileSync(join(project.root, 'report.md'), 'utf8')).toBe('# Report\n');
    expect(await run('workflow:artifacts', `--run-id=${id}`, '--download=report.md')).toMatchObject({ code: 2, stderr: expect.stringContaining('it exists') as string });
  });

  it('answers for what is not there with 5', async () => {
    for (const command of ['status', 'logs', 'cancel', 'watch', 'resume', 'artifacts']) {
      expect((await run(`workflow:${command}`, '--run-id=run_00000000000000000000000000')).code).toBe(5);
    }
    expect((await run('workflow:status', '--run-id=nonsense')).code).toBe(5);
  });

  it('is not cancelled or resumed once it has ended', async () => {
    const id = idOf((await run('workflow:run', '--workflow-id=hello')).stdout);
    expect((await run('workflow:cancel', `--run-id=${id}`)).code).toBe(6);
    expect((await run('workflow:resume', `--run-id=${id}`)).code).toBe(6);
  });
});

describe('documents', () => {
  it('are validated like a compiler does, without a state', async () => {
    const broken = makeProject({ 'broken.yml': BROKEN });
    try {
      const { code, stdout } = await kb(broken.root, ['workflow:validate']);
      expect(code).toBe(2);
      expect(stdout).toContain('.kb/workflows/broken.yml:4:5 error UNKNOWN_KEY');
      expect(stdout).toContain('  4 |     neeeds: [b]\n          ^\n  hint: did you mean "needs"?');
      expect(stdout).toContain('.kb/workflows/broken.yml:6:');
      const json = JSON.parse((await kb(broken.root, ['workflow:validate', '--json'])).stdout) as { valid: boolean; diagnostics: object[] };
      expect(json.valid).toBe(false);
      expect(json.diagnostics.length).toBeGreaterThanOrEqual(2);
      const refused = await kb(broken.root, ['workflow:run', '--workflow-id=broken', '--json']);
      expect(refused.code).toBe(2);
      expect(JSON.parse(refused.stdout)).toMatchObject({ code: 'WORKFLOW_INVALID', details: { diagnostics: [{ code: 'UNKNOWN_KEY', line: 4 }, {}] } });
      expect(existsSync(join(broken.root, '.kb/state'))).toBe(false);
    } finally {
      broken.remove();
    }
  });

  it('can be validated by name', async () => {
    writeFileSync(join(project.root, 'elsewhere.yml'), BROKEN);
    expect((await run('workflow:validate', 'elsewhere.yml')).stdout).toContain('elsewhere.yml:4:5');
    expect((await run('workflow:validate', '.kb/workflows/hello.yml')).code).toBe(0);
    expect((await run('workflow:validate', 'nowhere.yml')).stderr).toContain('cannot read nowhere.yml');
  });

  it('are written by workflow:new, run as they are, and never over others', async () => {
    expect((await run('workflow:new', 'fresh')).code).toBe(0);
    const ran = await run('workflow:run', '--workflow-id=fresh', '-f', 'who=you', '--json');
    expect(JSON.parse(ran.stdout)).toMatchObject({ status: 'success', outputs: { greeting: 'Hello, you!' } });
    expect(await run('workflow:new', 'fresh')).toMatchObject({ code: 2, stderr: expect.stringContaining('is there already') as string });
    expect((await run('workflow:new', 'Not An Id')).code).toBe(2);
  });

  it('are listed, shown and planned', async () => {
    expect((await run('workflow:list')).stdout).toMatch(/hello +Hello +1 job +✓ ok +\.kb\/workflows\/hello\.yml/);
    expect((await run('workflow:show', '--workflow-id=hello')).stdout).toContain('who  string; default "world"');
    expect((await run('workflow:plan', '--workflow-id=hello')).stdout).toContain('timeout 1h 00m');
    expect(JSON.parse((await run('workflow:schema')).stdout)).toMatchObject({ title: 'Workflow' });
  });
});

describe('kb', () => {
  it('says what is wrong with a command line, and ends with 2', async () => {
    expect(await run('wrokflow:run')).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "workflow:run"?') as string });
    expect(await run('workflow:run', '--json', '--nope')).toMatchObject({ code: 2, stdout: expect.stringContaining('"code":"USAGE"') as string, stderr: '' });
    expect((await run('nonsense')).code).toBe(2);
  });

  it('takes a group and a command as two words', async () => {
    expect((await run('workflow', 'list')).stdout).toBe((await run('workflow:list')).stdout);
  });

  it('helps, everywhere', async () => {
    expect((await run()).stdout).toContain('workflow:run');
    expect((await run('workflow')).stdout).toContain('workflow:list-runs');
    expect((await run('workflow:run', '--help')).stdout).toContain('Examples');
    expect(await kb('/', ['help', 'doctor'])).toMatchObject({ code: 0 });
  });

  it('needs a project, and finds it from below', async () => {
    expect(await kb('/', ['workflow:list'])).toMatchObject({ code: 5, stderr: expect.stringContaining('PROJECT_NOT_FOUND') as string });
    expect((await kb(join(project.root, '.kb/workflows'), ['workflow:list'])).code).toBe(0);
    expect((await kb('/', ['workflow:list', '--project', project.root])).code).toBe(0);
    expect((await kb('/', ['workflow:list'], { env: { KB_PROJECT_ROOT: project.root } })).code).toBe(0);
  });

  it('refuses a state it cannot use', async () => {
    expect(await kb(project.root, ['workflow:list-runs'], { env: { KB_STATE_URL: 'postgres://localhost' } })).toMatchObject({ code: 2, stderr: expect.stringContaining('CONFIG_INVALID') as string });
    // Nothing listens on the port of tcpmux.
    expect(await kb(project.root, ['workflow:list-runs'], { env: { KB_STATE_URL: 'redis://127.0.0.1:1' } })).toMatchObject({ code: 3, stderr: expect.stringContaining('STATE_UNAVAILABLE') as string });
  });

  it('colours only when asked to, away from a terminal', async () => {
    expect((await run('workflow:list')).stdout).not.toContain('\u001b');
    expect((await kb(project.root, ['workflow:list'], { env: { FORCE_COLOR: '1' } })).stdout).toContain('\u001b[');
  });

  it('checks the machine and the project', async () => {
    const { stdout } = await run('doctor', '--json');
    const { checks } = JSON.parse(stdout) as { checks: { name: string; state: string }[] };
    expect(checks.find(({ name }) => name === 'state')).toMatchObject({ state: 'ok' });
    expect(checks.find(({ name }) => name === 'node')).toMatchObject({ state: 'ok' });
    expect(await kb('/', ['doctor'])).toMatchObject({ code: 1, stdout: expect.stringContaining('✗ fail') as string });
  });

  it('completes workflow ids', async () => {
    expect((await run('__complete', '--', 'workflow:run', '--workflow-id=he')).stdout).toBe('--workflow-id=hello\tHello\n');
  });
});

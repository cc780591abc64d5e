import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Page, RunSummaryView, RunView } from '@kb-labs/contracts';
import { type LlmServer, startLlmServer } from '@kb-labs/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ProjectWithRuns } from './control.fixture.js';
import { DaemonProcess } from './daemon.fixture.js';
import { GithubDouble } from './github-double.fixture.js';
import { repository } from './project.fixture.js';

const LLM_KEY = 'sk-scenario-9876543210fedcba';
const PLANTED = 'AKIAQYLPMN5HHHFPZAM2';
const DOCUMENT = '.kb/workflows/pull-request-review.yml';
const PULL = 'issues/7';

const github = new GithubDouble();
let project: ProjectWithRuns;
let model: LlmServer;
let daemon: DaemonProcess;
let said = '';
let api: string;
const seen = new Set<string>();

beforeAll(async () => {
  github.threads.add(PULL);
  github.pulls.set('fees', 7);
  github.write(PULL, 'please have a look', 'ada');
  api = await github.start();
  model = await startLlmServer({
    key: LLM_KEY,
    answer: ({ prompt }) => ({ json: { findings: prompt.includes('File: src/pay.ts') ? [{ file: 'src/pay.ts', line: 2, severity: 'high', message: 'the fee of nothing is not zero' }] : [] } }),
  });
  project = new ProjectWithRuns({ '.gitignore': '.kb/state/\n.kb/secrets.*\n' });
  // The one thing in it that is not the same everywhere: where GitHub is.
  const document = readFileSync(join(repository, 'examples/ai-review/pull-request', DOCUMENT), 'utf8');
  project.write(DOCUMENT, document.replace('network: [api.github.com]', 'network: [127.0.0.1]'));
  configure('');
  project.write('src/pay.ts', 'export const fee = (amount: number) => amount * 0.02;\n');
  project.git('init', '-q');
  project.git('config', 'user.name', 'Ada');
  project.git('config', 'user.email', 'ada@example.com');
  project.git('remote', 'add', 'origin', 'git@github.com:acme/app.git');
  project.git('add', '.gitignore', '.kb/workflows', 'src');
  project.git('commit', '-qm', 'fees');
  setSecret('GITHUB_TOKEN', github.token);
  const hooks = await project.kb('git:hooks-install');
  expect(hooks.code, hooks.stderr).toBe(0);
  daemon = await DaemonProcess.start(project);
  project.git('checkout', '-q', '-b', 'fees');
}, 60_000);
afterAll(async () => {
  await daemon.kill('SIGTERM');
  project.remove();
  github.close();
  await model.stop();
});

function configure(llm: string): void {
  project.write('.kb/kb.config.yaml', `vars: { github-api: "${api}" }\n${llm}`);
}

function setSecret(name: string, value: string): void {
  const [program, args] = project.command(['secret:set', name]);
  execFileSync(program, args, { cwd: project.dir, env: project.env, input: value, stdio: 'pipe' });
}

/** The run that a commit of this text has started, at its end. */
async function commit(text: string, message: string): Promise<RunView> {
  project.write('src/pay.ts', text);
  project.git('commit', '-qam', message);
  const sha = project.git('rev-parse', 'HEAD').trim();
  for (;;) {
    const { items } = await project.json<Page<RunSummaryView>>('workflow:list-runs');
    const started = items.filter(({ id }) => !seen.has(id));
    const [one] = started;
    if (one !== undefined) {
      expect(started).toHaveLength(1);
      seen.add(one.id);
      const view = await project.end(one.id);
      expect(view.status, JSON.stringify(view.error)).toBe('success');
      expect(view.trigger).toMatchObject({ type: 'push', actor: 'Ada', branch: 'fees', sha });
      return view;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const comments = () => github.in(PULL).filter(({ author }) => author !== 'ada');
const writes = () => github.requests.filter(({ method }) => method !== 'GET').map(({ method }) => method);
const rulesIn = (view: RunView) => (view.outputs['findings'] as { rule: string; line: number }[]).map(({ rule, line }) => [rule, line]);

describe('a commit on a branch with a pull request', () => {
  it('is reviewed by the rules, and the review is the comment', { timeout: 60_000 }, async () => {
    const view = await commit(`export const fee = (amount: number) => {\n  const key = '${PLANTED}';\n  return amount * 0.02 + 1;\n};\n`, 'a key');
    expect(view.outputs).toMatchObject({ by: 'rules', comment: expect.stringContaining('pull/7') as unknown });
    expect(rulesIn(view)).toEqual([['provider-token', 2]]);
    const [comment, ...others] = comments();
    expect(others).toEqual([]);
    expect(comment?.body).toContain('src/pay.ts');
    expect(comment?.body).toContain(String(view.trigger.sha));
    expect(comment?.body).not.toContain(PLANTED);
    expect(view.artifacts.map(({ name }) => name)).toEqual(expect.arrayContaining(['patch', 'summary', 'review.md', 'findings.json']));
    const fetched = await project.kb('workflow:artifacts', `--run-id=${view.id}`, '--download', 'summary');
    expect(fetched.code, fetched.stderr).toBe(0);
  });

  it('changes the comment by the next commit', { timeout: 60_000 }, async () => {
    const [before] = comments();
    const view = await commit('export const fee = (amount: number) =>\n  amount * 0.02 + 1;\n', 'no key');
    expect(rulesIn(view)).toEqual([]);
    expect(comments().map(({ id }) => id)).toEqual([before?.id]);
    expect(comments()[0]?.body).toContain(String(view.trigger.sha));
    expect(writes()).toEqual(['POST', 'PATCH']);
  });

  it('is reviewed by the language model too, once there is one', { timeout: 60_000 }, async () => {
    setSecret('LLM_API_KEY', LLM_KEY);
    configure(`llm: { provider: openai, url: "${model.openaiUrl}", model: reviewer-1, timeout: 10s }\n`);
    said += daemon.said;
    await daemon.kill('SIGTERM');
    daemon = await DaemonProcess.start(project);
    const view = await commit(`// eslint-disable\nexport const fee = (amount: number) => amount * 0.02 + 1;\nexport const key = '${PLANTED}';\n`, 'again');
    expect(view.outputs['by']).toBe('rules+llm');
    expect(rulesIn(view)).toEqual([['provider-token', 3], ['llm', 2]]);
    expect(model.requests.length).toBeGreaterThan(0);
    expect(JSON.stringify(model.requests), 'a secret of the change stays here').not.toContain(PLANTED);
    expect(comments()).toHaveLength(1);
    expect(comments()[0]?.body).toContain('the fee of nothing is not zero');
    expect(writes()).toEqual(['POST', 'PATCH', 'PATCH']);
  });

  it('leaves no secret of the project in a log or in the state', async () => {
    const { items } = await project.json<Page<RunSummaryView>>('workflow:list-runs');
    expect(items).toHaveLength(3);
    const logs = await Promise.all(items.map(({ id }) => project.kb('workflow:logs', `--run-id=${id}`)));
    const everything = [said, daemon.said, ...logs.map(({ stdout, stderr }) => stdout + stderr), everyFile(join(project.dir, '.kb'))].join('\n');
    expect(everything, 'the negative control').toContain('provider-token');
    for (const secret of [github.token, LLM_KEY]) expect(everything).not.toContain(secret);
    expect(logs.map(({ stdout }) => stdout).join('\n')).not.toContain(PLANTED);
    expect(github.unexpected).toEqual([]);
  });
});

function everyFile(dir: string): string {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

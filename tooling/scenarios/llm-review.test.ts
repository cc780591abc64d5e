import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { RunView } from '@kb-labs/contracts';
import { type LlmServer, type LlmServerRequest, startLlmServer } from '@kb-labs/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Project } from './project.fixture.js';

const KEY = 'sk-scenario-0123456789abcdef';
const PLANTED = 'AKIAQYLPMN5HHHFPZAM2';

const WORKFLOW = `id: review
jobs:
  review:
    outputs:
      by: \${{ steps.analyse.outputs.reviewedBy }}
      model: \${{ steps.analyse.outputs.model }}
      findings: \${{ steps.analyse.outputs.findings }}
      fallback: \${{ steps.analyse.outputs.fallback }}
    steps:
      - id: diff
        uses: "@kb-labs/commit-plugin/git:diff"
        with: { base: HEAD~1, head: HEAD }
      - id: analyse
        uses: "@kb-labs/ai-review-plugin/review:run"
        with: { diff: "\${{ steps.diff.outputs.diff }}", mode: "\${{ inputs.mode }}" }
outputs:
  by: \${{ jobs.review.outputs.by }}
  model: \${{ jobs.review.outputs.model }}
  findings: \${{ jobs.review.outputs.findings }}
  fallback: \${{ jobs.review.outputs.fallback }}
inputs:
  mode: { type: string, default: auto }
`;

/** Keeps how often it ran, and asks the model as often as it is told. */
const OWN_PLUGIN = {
  'package.json': JSON.stringify({ name: '@acme/notes', version: '1.0.0', type: 'module', kb: { plugin: './kb.plugin.json' } }),
  'kb.plugin.json': JSON.stringify({
    schema: 1,
    id: '@acme/notes',
    version: '1.0.0',
    describe: 'notes',
    commands: [{
      id: 'notes:count',
      describe: 'counts',
      input: { type: 'object', properties: { questions: { type: 'integer', default: 0 } }, additionalProperties: false },
      output: { type: 'object', properties: { count: { type: 'integer' } }, required: ['count'] },
      permissions: { services: ['llm', 'storage'], quotas: { 'llm-calls': 3 } },
      handler: './count.js#default',
    }],
  }),
  'count.js': `export default async function count({ questions }, ctx) {
    for (let at = 0; at < questions; at += 1) await ctx.llm.complete({ messages: [{ role: 'user', content: 'question ' + at }] });
    const count = ((await ctx.storage.get('count')) ?? 0) + 1;
    await ctx.storage.set('count', count);
    return { count };
  }\n`,
};

const NOTES = `id: notes
jobs:
  count:
    permissions: { services: [llm, storage], quotas: { llm-calls: 2 } }
    outputs: { count: "\${{ steps.count.outputs.count }}" }
    steps:
      - id: count
        uses: "@acme/notes/notes:count"
        with: { questions: "\${{ inputs.questions }}" }
outputs: { count: "\${{ jobs.count.outputs.count }}" }
inputs:
  questions: { type: number, default: 0 }
`;

let server: LlmServer;
let project: Project;

beforeAll(async () => {
  server = await startLlmServer({ key: KEY, answer });
  project = new Project({ '.kb/workflows/review.yml': WORKFLOW, '.kb/workflows/notes.yml': NOTES, '.gitignore': '.kb/state/\n' });
  for (const [file, text] of Object.entries(OWN_PLUGIN)) project.write(`notes/${file}`, text);
  configure('openai', server.openaiUrl);
  project.write('src/pay.ts', 'export const fee = (amount: number) => amount * 0.02;\n');
  const [program, args] = project.command(['secret:set', 'LLM_API_KEY']);
  execFileSync(program, args, { cwd: project.dir, env: project.env, input: KEY, stdio: 'pipe' });
  project.git('init', '-q');
  project.git('add', '.');
  project.git('commit', '-qm', 'fees');
  project.write('src/pay.ts', `export const fee = (amount: number) => {\n  const key = '${PLANTED}';\n  return amount / 0.02;\n};\n`);
  project.git('commit', '-qam', 'mistake');
});
afterAll(async () => {
  project.remove();
  await server.stop();
});

function answer({ prompt }: LlmServerRequest) {
  return { json: { findings: prompt.includes('File: src/pay.ts') ? [{ file: 'src/pay.ts', line: 3, severity: 'high', message: 'it divides where it multiplied: the fee is 2,500 times as high' }] : [] } };
}

function configure(provider: string, url: string): void {
  project.write('.kb/kb.config.yaml', `plugins: [notes]\nllm: { provider: ${provider}, url: "${url}", model: reviewer-1, timeout: 10s }\n`);
}

async function run(workflow: string, inputs: Readonly<Record<string, unknown>> = {}): Promise<RunView> {
  const view = await project.json<RunView>('workflow:run', `--workflow-id=${workflow}`, `--input=${JSON.stringify(inputs)}`);
  expect(view, JSON.stringify(view)).toHaveProperty('status');
  return view;
}

describe('a review with a language model', () => {
  it.each([
    ['openai', () => server.openaiUrl],
    ['anthropic', () => server.anthropicUrl],
  ])('is made by the rules and the model of the configuration, with the key of the project: %s', async (provider, url) => {
    configure(provider, url());
    const before = server.requests.length;
    const view = await run('review');
    expect(view.status, JSON.stringify(view)).toBe('success');
    expect(view.outputs).toMatchObject({ by: 'rules+llm', model: 'reviewer-1' });
    expect((view.outputs['findings'] as { rule: string; line: number }[]).map(({ rule, line }) => [rule, line])).toEqual([['provider-token', 2], ['llm', 3]]);
    const asked = server.requests.slice(before);
    expect(asked.map(({ api }) => api)).toEqual([provider === 'openai' ? 'openai-chat' : 'anthropic']);
    expect(JSON.stringify(asked), 'a secret of the change stays here').not.toContain(PLANTED);
    expect(everyFile(join(project.dir, '.kb/state')), 'the key is in no file of the state').not.toContain(KEY);
  });

  it('falls back to the rules when the model fails, and fails when the model is all that was asked for', async () => {
    server.script({ status: 503, message: 'down for repair' });
    const fallen = await run('review');
    expect([fallen.status, fallen.outputs['by'], fallen.outputs['fallback']]).toEqual(['success', 'rules', expect.stringContaining('down for repair')]);
    server.script({ status: 401, message: 'unknown key' });
    const failed = await run('review', { mode: 'llm' });
    expect(failed.status).toBe('failed');
    expect(JSON.stringify(failed)).toContain('LLM_FAILED');
    expect(JSON.stringify(failed)).toContain('unknown key');
  });
});

describe('a plugin with storage and quotas', () => {
  it('keeps from run to run, and from runs to its command in a terminal', async () => {
    expect((await run('notes')).outputs).toEqual({ count: 1 });
    expect((await run('notes')).outputs).toEqual({ count: 2 });
    expect(JSON.parse((await project.kb('notes:count', '--json')).stdout)).toEqual({ count: 3 });
    expect((await run('notes', { questions: 2 })).outputs).toEqual({ count: 4 });
  });

  it('asks no more often than the document allows', async () => {
    const before = server.requests.length;
    const view = await run('notes', { questions: 3 });
    expect(view.status).toBe('failed');
    expect(JSON.stringify(view)).toContain('QUOTA_EXCEEDED');
    expect(server.requests.length - before).toBe(2);
  });
});

function everyFile(dir: string): string {
  mkdirSync(dir, { recursive: true });
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

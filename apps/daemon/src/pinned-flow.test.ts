import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { FlowView } from '@kb-labs/contracts';
import { createPlaybook, createSession, createWorker, publishPlaybook, readFlow, readRun, resolvePrompt, startFlow, type Worker } from '@kb-labs/engine';
import { memoryLogger } from '@kb-labs/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { composeEngine, type Composition } from './compose.js';
import { loadConfig } from './load-config.js';

/** A workflow that asks first, then greets with a plugin of the project and calls another workflow. */
const FILES = {
  '.kb/kb.config.yaml': 'plugins: [mine]\n',
  '.kb/workflows/root.yml': `id: root
jobs:
  j:
    steps:
      - { id: ask, uses: "builtin:approval", with: { title: Go? } }
      - { id: greet, uses: "@acme/greet/greet:person" }
      - { id: call, uses: "workflow://leaf" }
`,
  '.kb/workflows/leaf.yml': 'id: leaf\njobs:\n  j:\n    steps:\n      - { id: greet, uses: "@acme/greet/greet:person" }\n',
  'mine/package.json': JSON.stringify({ name: '@acme/greet', version: '1.0.0', type: 'module', kb: { plugin: './kb.plugin.json' } }),
  'mine/kb.plugin.json': JSON.stringify({
    schema: 1,
    id: '@acme/greet',
    version: '1.0.0',
    commands: [{ id: 'greet:person', describe: 'Says hello.', input: { type: 'object' }, output: { type: 'object' }, permissions: {}, handler: './greet.js#default' }],
  }),
  'mine/greet.js': "export default async () => ({ text: 'hello' });\n",
};

const tenant = 'default';
const by = 'ada';
const BUILD = 'this one';

let root = '';
let engine: Composition;
let worker: Worker;

beforeEach(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'kb-pinned-')));
  for (const [path, text] of Object.entries(FILES)) write(path, text);
  await open();
  await createSession(engine.deps, { id: 's', by, tenant });
});
afterEach(async () => {
  await close();
  rmSync(root, { recursive: true, force: true });
});

async function open(): Promise<void> {
  engine = await composeEngine(await loadConfig({ projectRoot: root, env: {} }), { env: { PATH: process.env['PATH'] }, logger: memoryLogger(), build: BUILD });
  worker = createWorker(engine.deps, { concurrency: 2 });
  await worker.start();
}

async function close(): Promise<void> {
  await worker.stop();
  await engine.close();
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** One letter is another. */
function flip(path: string, from: string, to: string): void {
  const text = readFileSync(join(root, path), 'utf8');
  expect(text).toContain(from);
  write(path, text.replace(from, to));
}

async function start(): Promise<FlowView> {
  const { deps } = engine;
  const manifest = { playbook_id: 'p', version: '1', title: 'P', objective: 'to be held to what it was', runtime_defaults: { workflow_id: 'root' } };
  const { playbook } = await createPlaybook(deps, { manifest, tenant, by });
  await publishPlaybook(deps, { id: 'p', version: '1', digest: playbook.digest, status: 'active', evidenceRefs: [{ kind: 'review', id: 'r' }], by, tenant });
  await startFlow(deps, { request: { flow_id: 'f', session_id: 's', playbook_ref: { playbook_id: 'p', version: '1', digest: playbook.digest }, request: {} }, by, tenant, role: 'admin' });
  return until((flow) => flow.pending_approval_ids.length > 0);
}

async function until(is: (flow: FlowView) => boolean): Promise<FlowView> {
  for (;;) {
    const flow = await readFlow(engine.deps, { id: 'f', tenant });
    if (is(flow)) return flow;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function approve(flow: FlowView): Promise<FlowView> {
  const [id = ''] = flow.pending_approval_ids;
  await resolvePrompt(engine.deps, { id, decision: 'approved', by: 'bob', tenant });
  return until(({ status }) => ['succeeded', 'failed', 'cancelled'].includes(status));
}

describe('a flow, between its approval and what it approved', () => {
  it('succeeds when nothing is another', async () => {
    const flow = await start();
    expect(flow.pins).toMatchObject({ workflows: { root: expect.any(String) as string, leaf: expect.any(String) as string }, plugins: { '@acme/greet': { version: '1.0.0' } }, images: {} });
    expect((await approve(flow)).status).toBe('succeeded');
  });

  it.each([
    ['the code of a plugin', 'mine/greet.js', 'hello', 'hallo', 'the plugin @acme/greet'],
    ['the manifest of a plugin', 'mine/kb.plugin.json', 'Says', 'Sayz', 'the plugin @acme/greet'],
    ['a workflow that it calls', '.kb/workflows/leaf.yml', 'id: greet', 'id: great', 'the workflow leaf'],
  ])('is refused %s that changed by one letter', async (_what, path, from, to, named) => {
    const flow = await start();
    flip(path, from, to);
    const ended = await approve(flow);
    expect(ended.status).toBe('failed');
    expect((await readRun(engine.deps, flow.run_id ?? '')).error).toMatchObject({ message: `${named} is not the one that the flow started with` });
  });

  it('is refused it by another process as well', async () => {
    const flow = await start();
    await close();
    flip('mine/greet.js', 'hello', 'hallo');
    await open();
    expect((await approve(flow)).status).toBe('failed');
  });
});

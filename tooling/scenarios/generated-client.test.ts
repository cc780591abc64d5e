import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { createClient } from '@hey-api/openapi-ts';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { DaemonProcess } from './daemon.fixture.js';
import { Project, repository } from './project.fixture.js';

const WORKFLOW = `
id: note
permissions: { shell: true }
inputs: { name: { type: string, required: true } }
jobs:
  write:
    steps:
      - id: write
        run: |
          printf 'For %s' "\${{ inputs.name }}" > "$KB_ARTIFACTS/note.txt"
`;

/** What somebody writes who has nothing but the generated files. */
const DRIVE = `
import { createClient } from './generated/client/index.ts';
import { getArtifact, getRun, listArtifacts, runLogs, startRun } from './generated/sdk.gen.ts';

const [baseUrl = '', key = ''] = process.argv.slice(2);
const client = createClient({ baseUrl, auth: () => key });
const started = await startRun({ client, body: { workflowId: 'note', input: { name: 'Ada' } }, throwOnError: true });
let run = started.data;
while (run.status === 'queued' || run.status === 'running') run = (await getRun({ client, path: { id: run.id }, throwOnError: true })).data;
const log = await runLogs({ client, path: { id: run.id }, throwOnError: true });
const artifacts = await listArtifacts({ client, path: { id: run.id }, throwOnError: true });
const name = artifacts.data.items[0]?.name ?? '';
const bytes = await getArtifact({ client, path: { id: run.id, name }, parseAs: 'text', throwOnError: true });
const refused = await startRun({ client, body: { workflowId: 'nothing' } });
console.log(JSON.stringify({ status: run.status, lines: log.data.items.length, name, bytes: bytes.data, code: refused.error?.code }));
`;

describe('a client that a public generator makes from the description of the gateway', () => {
  let project: Project;
  let daemon: DaemonProcess;
  beforeAll(async () => {
    project = new Project({ '.kb/workflows/note.yml': WORKFLOW, 'drive.ts': DRIVE, 'package.json': '{ "type": "module" }' });
    daemon = await DaemonProcess.start(project);
    return async () => {
      await daemon.kill('SIGTERM');
      project.remove();
    };
  }, 60_000);

  it('has the right types, and drives a run from its start to its artifact', async () => {
    await generate(daemon.url, project);
    expect(typeCheck(project)).toBe('');
    const said = execFileSync(process.execPath, ['drive.ts', daemon.url, daemon.key], { cwd: project.dir, encoding: 'utf8' });
    expect(JSON.parse(said)).toEqual({ status: 'success', lines: 0, name: 'note.txt', bytes: 'For Ada', code: 'WORKFLOW_NOT_FOUND' });
  }, 120_000);

  it('does not compile where it is used otherwise than described', async () => {
    await generate(daemon.url, project);
    project.write('drive.ts', DRIVE.replace("workflowId: 'nothing'", "workflow: 'nothing'"));
    onTestFinished(() => {
      project.write('drive.ts', DRIVE);
    });
    expect(typeCheck(project)).toContain("'workflow' does not exist");
  }, 120_000);
});

async function generate(url: string, project: Project): Promise<void> {
  project.write('openapi.json', await (await fetch(`${url}/openapi.json`, { headers: { connection: 'close' } })).text());
  await createClient({
    input: join(project.dir, 'openapi.json'),
    output: { path: join(project.dir, 'generated'), module: { extension: '.ts' } },
    plugins: ['@hey-api/client-fetch', '@hey-api/sdk', '@hey-api/typescript'],
    logs: { level: 'silent' },
  });
}

/** What the compiler has against it. */
function typeCheck(project: Project): string {
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'esnext', '--module', 'nodenext', '--lib', 'esnext,dom,dom.iterable', '--allowImportingTsExtensions', '--typeRoots', join(repository, 'node_modules/@types'), '--types', 'node'];
  try {
    execFileSync(process.execPath, [join(repository, 'node_modules/typescript-7/bin/tsc'), ...options, 'drive.ts'], { cwd: project.dir, encoding: 'utf8' });
    return '';
  } catch (error) {
    return error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
  }
}

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Permissions, Shell } from '@kb-labs/contracts';
import { afterAll, describe, expect, it, vi } from 'vitest';

import { canSandbox } from '../confine/can-sandbox.js';
import { deafPodman } from '../confine/deaf-podman.fixture.js';
import { createPluginHost } from '../create-plugin-host.js';
import { recordCall, scriptInput, silentLogger, temporaryFolder } from '../step-call.fixture.js';
import { containerImage } from './container-image.fixture.js';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const workspace = join(folder.path, 'workspace');
mkdirSync(workspace);
writeFileSync(join(folder.path, 'outside.txt'), 'outside');

const sandbox = await canSandbox();
const container = await containerImage();
const rooms = [...(sandbox.ok ? (['sandbox'] as const) : []), ...(container.ok ? (['container'] as const) : [])];
if (!sandbox.ok) console.warn(`not tested: sandbox: ${sandbox.problem}`);
if (!container.ok) console.warn(`not tested: container: ${container.problem}`);

const hostEnv = container.ok ? await deafPodman(folder.path, container.hostEnv) : { PATH: process.env['PATH'] };

async function run(isolation: 'subprocess' | 'sandbox' | 'container', script: string, options: { shell?: Shell; permissions?: Permissions; signal?: AbortSignal; killGraceMs?: number } = {}) {
  const { shell = 'sh', permissions = {}, signal, killGraceMs = 300 } = options;
  const host = createPluginHost({ firstParty: [], project: { root: folder.path, plugins: [] }, hostEnv, logger: silentLogger, killGraceMs });
  const image = isolation === 'container' && container.ok ? { image: container.image } : {};
  const recorded = recordCall({ workspace, input: scriptInput(script, shell), permissions, placement: { ok: true, isolation, ...image }, ...(signal === undefined ? {} : { signal }) });
  return { ...recorded, outcome: await host.run(recorded.call) };
}

describe.each(rooms)('a script in a %s', { timeout: 60_000 }, (isolation) => {
  it('works in its workspace, with its outputs and artifacts', async () => {
    const { outcome, artifacts, lines } = await run(isolation, 'echo made > made.txt; echo "out=1" >> "$KB_OUTPUT"; echo kept > "$KB_ARTIFACTS/a.txt"; echo said; echo "$KB_STEP_ID" >&2; exit 0');
    expect(outcome).toMatchObject({ status: 'success', outputs: { out: '1', stdout: 'said', stderr: 'step' } });
    expect(artifacts.get('a.txt')?.text).toBe('kept\n');
    expect(readFileSync(join(workspace, 'made.txt'), 'utf8')).toBe('made\n');
    expect(lines.filter(({ stream }) => stream === 'engine')).toEqual([]);
  });

  it('fails with its own exit code', async () => {
    expect((await run(isolation, 'exit 7')).outcome).toMatchObject({ status: 'failed', retryable: true, error: { code: 'EXIT_CODE' }, outputs: { exitCode: 7 } });
  });

  it('runs Node, from its input', async () => {
    expect((await run(isolation, 'console.log(typeof require, process.cwd() === process.env.KB_WORKSPACE)', { shell: 'node' })).outcome).toMatchObject({ outputs: { stdout: 'function true' } });
  });

  it('finds nothing of what is around its workspace', async () => {
    const script = 'cat ../outside.txt && echo found; exit 0';
    expect((await run('subprocess', script)).outcome).toMatchObject({ outputs: { stdout: 'outsidefound' } });
    expect((await run(isolation, script)).outcome).toMatchObject({ outputs: { stdout: '' } });
  });

  it('has no network, with a host that is granted as well: nobody could check where it goes', async () => {
    const script = 'console.log(Object.values(require("os").networkInterfaces()).flat().filter(({ internal }) => !internal).length)';
    expect((await run(isolation, script, { shell: 'node', permissions: { network: ['example.com'] } })).outcome).toMatchObject({ outputs: { stdout: '0' } });
  });

  it('may end in its own way when it is told to', async () => {
    const controller = new AbortController();
    const script = 'trap "echo cleaned > cleaned.txt; exit" TERM; echo ready > ready.txt; while :; do sleep 0.01; done';
    const running = run(isolation, script, { signal: controller.signal, killGraceMs: 30_000 });
    await vi.waitFor(() => expect(existsSync(join(workspace, 'ready.txt'))).toBe(true), { timeout: 30_000 });
    controller.abort();
    expect((await running).outcome.status).toBe('aborted');
    expect(readFileSync(join(workspace, 'cleaned.txt'), 'utf8')).toBe('cleaned\n');
    for (const name of ['ready.txt', 'cleaned.txt']) rmSync(join(workspace, name));
  });

  it('ends with all it has started when it is told to', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 1_000);
    const { outcome } = await run(isolation, 'trap "" TERM; (setsid sleep 1000 &); sleep 1000', { signal: controller.signal });
    expect(outcome.status).toBe('aborted');
  });
});

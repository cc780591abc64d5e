import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseUses, type PlannedTarget } from '@kb-labs/contracts';
import type { PluginHost } from '@kb-labs/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { canSandbox } from '../confine/can-sandbox.js';
import { createPluginHost } from '../create-plugin-host.js';
import { writePlugin } from '../plugins/plugin-package.fixture.js';
import { changePluginsLock } from '../plugins/plugins-lock.js';
import { sealPackage } from '../plugins/seal-package.js';
import { recordCall, silentLogger, temporaryFolder } from '../step-call.fixture.js';
import { readableOf } from './room-of-plugin.js';
import type { ExecutionSettings } from './settings.js';

const sandbox = await canSandbox();

let folder: ReturnType<typeof temporaryFolder>;
let root = '';
beforeEach(() => {
  folder = temporaryFolder();
  root = join(folder.path, 'project');
  mkdirSync(join(root, '.kb'), { recursive: true });
});
afterEach(() => folder[Symbol.dispose]());

const uses = parseUses('@acme/greet/greet:person');
if (uses === undefined) throw new Error('not a command');
const script = { kind: 'builtin', name: 'run' } as const;
const signal = new AbortController().signal;

/** A plugin with a dependency that is linked from elsewhere, as workspaces of package managers have it. */
async function install(trusted: boolean): Promise<void> {
  const home = join(root, 'node_modules/@acme/greet');
  writePlugin(home, {
    described: JSON.stringify({ name: '@acme/greet', version: '1.2.3', type: 'module', kb: { plugin: './dist/kb.plugin.json' }, dependencies: { shout: '*' } }),
    files: { 'dist/greet/person.js': "import { shout } from 'shout';\nexport default async ({ name }) => ({ text: shout(name) });" },
  });
  const elsewhere = join(folder.path, 'elsewhere/shout');
  mkdirSync(elsewhere, { recursive: true });
  writeFileSync(join(elsewhere, 'package.json'), JSON.stringify({ name: 'shout', version: '1.0.0', type: 'module', exports: './index.js' }));
  writeFileSync(join(elsewhere, 'index.js'), "export const shout = (text) => `${text.toUpperCase()}!`;");
  symlinkSync(elsewhere, join(root, 'node_modules/shout'));
  const sealed = await sealPackage(home);
  if (!sealed.ok) throw new Error(sealed.problem);
  const { integrity } = sealed.seal;
  await changePluginsLock(root, (plugins) => new Map(plugins).set('@acme/greet', { version: '1.2.3', source: 'package', integrity, permissions: { 'greet:person': {} }, trusted }));
}

function open(execution: ExecutionSettings = {}): PluginHost {
  return createPluginHost({ firstParty: [], project: { root, plugins: [] }, hostEnv: { PATH: process.env['PATH'] }, logger: silentLogger, execution });
}

async function placeAndRun(host: PluginHost, target?: PlannedTarget) {
  const placement = await host.place({ uses: uses as never, signal: () => signal, ...(target === undefined ? {} : { target }) });
  if (!placement.ok) return { placement };
  const recorded = recordCall({ workspace: root, uses: uses as never, input: { name: 'ada' }, placement });
  const outcome = await host.run(recorded.call);
  await host.close();
  return { placement, outcome, lines: recorded.lines };
}

const success = { status: 'success', outputs: { text: 'ADA!' } };

describe('a plugin that was added', () => {
  it('runs in this process when it is trusted', async () => {
    await install(true);
    expect(await placeAndRun(open())).toEqual({ placement: { ok: true, isolation: 'in-process' }, outcome: success, lines: [] });
  });

  it.runIf(sandbox.ok)('runs in a sandbox when it is not, with what it depends on', async () => {
    await install(false);
    expect(await placeAndRun(open())).toEqual({ placement: { ok: true, isolation: 'sandbox' }, outcome: success, lines: [] });
  });

  it('runs where the installation says, and where the document says', async () => {
    await install(true);
    expect(await placeAndRun(open({ target: { mode: 'worker-pool' } }))).toMatchObject({ placement: { isolation: 'worker-pool' }, outcome: success });
    expect(await placeAndRun(open({ minIsolation: 'subprocess' }))).toMatchObject({ placement: { isolation: 'subprocess' }, outcome: success, lines: [] });
    expect(await placeAndRun(open({ minIsolation: 'subprocess' }), { mode: 'worker-pool' })).toMatchObject({ placement: { ok: false, error: { code: 'TARGET_TOO_WEAK' } } });
  });

  it('is told of in the log of its step when it is not trusted and nothing confines it', async () => {
    await install(false);
    const host = open();
    // As `place` answers on a machine that has no sandbox.
    const recorded = recordCall({ workspace: root, uses, input: { name: 'ada' }, placement: { ok: true, isolation: 'subprocess' } });
    expect(await host.run(recorded.call)).toEqual(success);
    expect(recorded.lines).toEqual([{ stream: 'engine', level: 'warn', text: expect.stringContaining('@acme/greet is not trusted') as string }]);
  });
});

describe('what does not run in a plugin', () => {
  it('is placed without loading anything: scripts, calls of workflows and what the engine does itself', async () => {
    const host = open();
    expect(await host.place({ uses: script, signal: () => signal })).toEqual({ ok: true, isolation: 'subprocess' });
    expect(await host.place({ uses: { kind: 'builtin', name: 'approval' }, signal: () => signal })).toEqual({ ok: true, isolation: 'in-process' });
    const call = parseUses('workflow://other');
    expect(await host.place({ uses: call as never, signal: () => signal, target: { mode: 'container' } })).toEqual({ ok: true, isolation: 'in-process' });
  });

  it('is refused where it cannot run', async () => {
    expect(await open().place({ uses: script, signal: () => signal, target: { mode: 'worker-pool' } })).toMatchObject({ ok: false, error: { code: 'TARGET_NOT_AVAILABLE' }, retryable: false });
    expect(await open().place({ uses: script, signal: () => signal, target: { mode: 'container' } })).toMatchObject({ ok: false, error: { code: 'TARGET_NOT_AVAILABLE' } });
  });
});

describe('what a plugin has to be able to read', () => {
  it('is its package, the shelves above it, and what is only linked from there', async () => {
    await install(false);
    const readable = readableOf({ root: join(root, 'node_modules/@acme/greet'), folder: '', trusted: false } as never);
    expect(readable).toContain(join(root, 'node_modules'));
    expect(readable).toContain(join(folder.path, 'elsewhere/shout'));
    expect(readable.some((path) => path === root || path === folder.path)).toBe(false);
  });
});

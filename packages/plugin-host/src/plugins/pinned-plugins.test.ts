import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseUses, type PluginUses } from '@kb-labs/contracts';
import type { PluginHost, StepToPlace } from '@kb-labs/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createPluginHost } from '../create-plugin-host.js';
import { recordCall, silentLogger, temporaryFolder } from '../step-call.fixture.js';
import { holdToImage } from './hold-to-pins.js';
import { type PackageOptions, writePlugin } from './plugin-package.fixture.js';
import { changePluginsLock } from './plugins-lock.js';
import { sealPackage } from './seal-package.js';

let folder: ReturnType<typeof temporaryFolder>;
let root = '';
beforeEach(() => {
  folder = temporaryFolder();
  root = join(folder.path, 'project');
  mkdirSync(join(root, '.kb'), { recursive: true });
});
afterEach(() => folder[Symbol.dispose]());

const host = (): PluginHost => createPluginHost({ firstParty: [], project: { root, plugins: ['mine'] }, hostEnv: { PATH: process.env['PATH'] }, logger: silentLogger });
const mine = (options: PackageOptions = {}): string => writePlugin(join(root, 'mine'), options);
const HANDLER = 'mine/dist/greet/person.js';

function greet(): PluginUses {
  const parsed = parseUses('@acme/greet/greet:person');
  if (parsed?.kind !== 'plugin') throw new Error('not a command');
  return parsed;
}

async function pinsOf(plugins: PluginHost): Promise<NonNullable<StepToPlace['pins']>> {
  const found = await plugins.resolve(greet(), { sealed: true });
  if (!found.ok || found.plugin.integrity === undefined) throw new Error('it has no integrity');
  return { plugins: { '@acme/greet': { version: found.plugin.version, integrity: found.plugin.integrity } }, images: {} };
}

const place = (plugins: PluginHost, pins?: StepToPlace['pins']) => plugins.place({ uses: greet(), signal: () => new AbortController().signal, ...(pins === undefined ? {} : { pins }) });

async function placed(plugins: PluginHost, pins?: StepToPlace['pins']) {
  const placement = await place(plugins, pins);
  if (!placement.ok) throw new Error(placement.error.message);
  return placement;
}

const run = async (plugins: PluginHost, placement: Awaited<ReturnType<typeof placed>>) =>
  plugins.run(recordCall({ workspace: root, uses: greet(), placement, input: { name: 'x' } }).call);

/** Another byte in the place of one, and the times of the file as they were. */
function flipByte(file: string): void {
  const bytes = readFileSync(join(root, file));
  const at = bytes.indexOf('name');
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(join(root, file), bytes);
  utimesSync(join(root, file), 0, 0);
}

const CHANGED = { code: 'FLOW_PIN_CHANGED', message: 'the plugin @acme/greet is not the one that the flow started with' };

describe('a pinned plugin', () => {
  it('has its integrity when it is asked for, and not in lists', async () => {
    mine();
    const sealed = await sealPackage(join(root, 'mine'));
    const plugins = host();
    expect(await plugins.resolve(greet(), { sealed: true })).toMatchObject({ ok: true, plugin: { integrity: sealed.ok ? sealed.seal.integrity : '' } });
    expect(await plugins.resolve(greet())).not.toHaveProperty('plugin.integrity');
    expect((await plugins.list())[0]).not.toHaveProperty('integrity');
  });

  it('is placed and run as long as it is the same', async () => {
    mine();
    const plugins = host();
    const placement = await placed(plugins, await pinsOf(plugins));
    expect(placement).toMatchObject({ isolation: 'in-process', pinned: { version: '1.2.3' } });
    expect(await run(plugins, placement)).toMatchObject({ status: 'success', outputs: { text: 'x' } });
  });

  it.each([HANDLER, 'mine/dist/kb.plugin.json', 'mine/package.json'])('is refused when one byte of %s is another, by the process that pinned it and by the next one', async (file) => {
    mine();
    const plugins = host();
    const pins = await pinsOf(plugins);
    flipByte(file);
    const refusals = [await place(plugins, pins), await place(host(), pins)];
    for (const refused of refusals) {
      // What is no plugin any more is refused as what it is, once it is to run.
      if (refused.ok) expect(await run(host(), refused)).toMatchObject({ status: 'failed', error: { code: expect.stringMatching(/^PLUGIN_|^UNKNOWN_/) as string } });
      else expect(refused).toMatchObject({ error: CHANGED, retryable: false });
    }
    if (file === HANDLER) expect(refusals.every(({ ok }) => !ok)).toBe(true);
  });

  it('is refused when it changes between its placing and its start', async () => {
    mine();
    const plugins = host();
    const placement = await placed(plugins, await pinsOf(plugins));
    flipByte(HANDLER);
    expect(await run(plugins, placement)).toMatchObject({ status: 'failed', error: CHANGED, retryable: false });
  });

  it('is refused also where its command was found before, by a step that pins nothing', async () => {
    mine();
    const plugins = host();
    const call = recordCall({ workspace: root, uses: greet(), input: { name: 'x' } }).call;
    const placement = await placed(plugins, await pinsOf(plugins));
    expect(await plugins.run(call)).toMatchObject({ status: 'success' });
    flipByte(HANDLER);
    expect(await plugins.run({ ...call, placement })).toMatchObject({ status: 'failed', error: CHANGED });
  });

  it('is refused when it has no pin, and when another version has the same files', async () => {
    mine();
    const plugins = host();
    const { plugins: pinned } = await pinsOf(plugins);
    expect(await place(plugins, { plugins: {}, images: {} })).toMatchObject({ ok: false, error: CHANGED });
    const [pin] = Object.values(pinned);
    expect(await place(plugins, { plugins: { '@acme/greet': { version: '9.9.9', integrity: pin?.integrity ?? '' } }, images: {} })).toMatchObject({ ok: false, error: CHANGED });
  });

  it('does not run as what this process has loaded before it changed', async () => {
    mine({ files: { 'dist/greet/person.js': 'export default async () => ({ text: "before" });' } });
    const plugins = host();
    expect(await run(plugins, await placed(plugins))).toMatchObject({ outputs: { text: 'before' } });
    mine({ files: { 'dist/greet/person.js': 'export default async () => ({ text: "after" });' } });
    const placement = await placed(plugins, await pinsOf(plugins));
    expect(await run(plugins, placement)).toMatchObject({ status: 'failed', error: { code: 'PLUGIN_INVALID', message: expect.stringContaining('start the process again') as string } });
    // Without pins it goes on as it was loaded.
    expect(await run(plugins, await placed(plugins))).toMatchObject({ outputs: { text: 'before' } });
  });

  it('that was added is held to its pin also when its change was accepted', async () => {
    const at = join(root, 'node_modules/@acme/greet');
    const add = async (): Promise<void> => {
      const sealed = await sealPackage(at);
      if (!sealed.ok) throw new Error(sealed.problem);
      await changePluginsLock(root, (locked) => new Map(locked).set('@acme/greet', { version: '1.2.3', source: 'package', integrity: sealed.seal.integrity, permissions: { 'greet:person': {} }, trusted: true }));
    };
    writePlugin(at);
    await add();
    const plugins = host();
    const pins = await pinsOf(plugins);
    expect(await place(plugins, pins)).toMatchObject({ ok: true });
    flipByte('node_modules/@acme/greet/dist/greet/person.js');
    await add();
    expect(await place(plugins, pins)).toMatchObject({ ok: false, error: CHANGED });
    expect(await place(plugins)).toMatchObject({ ok: true });
  });
});

describe('a pinned image', () => {
  const DIGEST = `sha256:${'a'.repeat(64)}`;
  const OTHER = `sha256:${'b'.repeat(64)}`;
  const images = { 'node:24': DIGEST };
  const at = (reference: string, digest: string) => holdToImage({ ok: true, isolation: 'container', image: { reference, digest } }, { plugins: {}, images });

  it('is taken with its digest and refused with another', () => {
    expect(at('node:24', DIGEST)).toMatchObject({ ok: true });
    expect(at('node:24', OTHER)).toMatchObject({ ok: false, retryable: false, error: { code: 'FLOW_PIN_CHANGED', message: 'the image node:24 is not the one that the flow started with' } });
  });

  it('is refused when it has no pin, but for a name that has a digest', () => {
    expect(at('node:22', DIGEST)).toMatchObject({ ok: false });
    expect(at('constructor', DIGEST)).toMatchObject({ ok: false });
    expect(at(`node@${OTHER}`, DIGEST)).toMatchObject({ ok: true });
  });
});

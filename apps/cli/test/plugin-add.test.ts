import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { kb, makeProject, startKbInTerminal } from './drive-kb.js';

let project: ReturnType<typeof makeProject>;
beforeEach(() => {
  project = makeProject({});
  writePlugin({});
});
afterEach(() => {
  project.remove();
});

const COMMAND = {
  id: 'greet:person',
  describe: 'Greets \u001b[31msomebody',
  input: { type: 'object', properties: {}, additionalProperties: false },
  output: { type: 'object', properties: { text: { type: 'string' } }, additionalProperties: false },
  handler: './greet.js#default',
};

function writePlugin(permissions: object): void {
  const files = {
    'package.json': '{ "name": "@acme/greet", "version": "1.0.0", "type": "module", "kb": { "plugin": "./kb.plugin.json" } }',
    'kb.plugin.json': JSON.stringify({ schema: 1, id: '@acme/greet', version: '1.0.0', commands: [{ ...COMMAND, permissions }] }),
    'greet.js': 'export default () => ({ text: "hello" });\n',
  };
  for (const [path, text] of Object.entries(files)) {
    const file = join(project.root, 'vendor/greet', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

const lockFile = () => join(project.root, '.kb/plugins.lock');

async function answer(args: readonly string[], typed: string) {
  const running = startKbInTerminal(project.root, args);
  await running.until('[y/N]');
  running.child.stdin?.write(typed);
  return running.ended;
}

describe('plugin:add in a terminal', () => {
  it('asks, and adds by a yes', async () => {
    const { code, stdout } = await answer(['plugin:add', './vendor/greet'], 'y\n');
    expect([code, stdout]).toEqual([0, expect.stringContaining('asks for nothing')]);
    expect(stdout).not.toContain('\u001b[31msomebody');
    expect(JSON.parse(readFileSync(lockFile(), 'utf8'))).toMatchObject({ plugins: { '@acme/greet': { source: './vendor/greet', trusted: false } } });
  });

  it('adds nothing by a no', async () => {
    const { code, stdout } = await answer(['plugin:add', './vendor/greet', '--trust'], 'n\n');
    expect([code, stdout, existsSync(lockFile())]).toEqual([4, expect.stringContaining('nothing was added'), false]);
    expect(stdout).toContain('its code runs inside the engine');
  });

  it('asks again for what changed, and keeps what was by a no', async () => {
    await kb(project.root, ['plugin:add', './vendor/greet', '--yes']);
    const before = readFileSync(lockFile(), 'utf8');
    writePlugin({ shell: true });
    const { code, stdout } = await answer(['plugin:add', '@acme/greet'], 'n\n');
    expect([code, readFileSync(lockFile(), 'utf8')]).toEqual([4, before]);
    expect(stdout).toContain('+ greet:person: start any program');
    expect((await answer(['plugin:add', '@acme/greet'], 'yes\n')).code).toBe(0);
    expect(JSON.parse(readFileSync(lockFile(), 'utf8'))).toMatchObject({ plugins: { '@acme/greet': { permissions: { 'greet:person': { shell: true } } } } });
  });
});

describe('plugin:add where nobody can be asked', () => {
  it('says how to agree with the words that were typed: by its name a registry would be asked', async () => {
    const { code, stderr } = await kb(project.root, ['plugin:add', './vendor/greet', '--trust']);
    expect([code, stderr, existsSync(lockFile())]).toEqual([4, expect.stringContaining('"kb plugin:add ./vendor/greet --yes --trust"'), false]);
  });

  it('installs nothing of a name that comes with kb', async () => {
    const { code, stderr, stdout } = await kb(project.root, ['plugin:add', '@kb-labs/qa-plugin', '--yes']);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining('@kb-labs/qa-plugin comes with kb')]);
    expect(stderr, 'no package manager was started').not.toContain('add --save-dev');
    expect(existsSync(join(project.root, 'node_modules'))).toBe(false);
  });

  it('says of a folder that is no package that it is none', async () => {
    const { code, stderr } = await kb(project.root, ['plugin:add', './vendor', '--yes']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('./vendor has no package.json')]);
  });
});

describe('a lock that cannot be read', () => {
  it('is told by what needs it, and by nothing else', async () => {
    writeFileSync(lockFile(), '{"schema":1,"plugins":{"@acme/greet":{}}}');
    const added = await kb(project.root, ['plugin:add', './vendor/greet', '--yes', '--json']);
    expect([added.code, JSON.parse(added.stdout)]).toEqual([2, expect.objectContaining({ code: 'PLUGINS_LOCK_INVALID' })]);
    expect((await kb(project.root, ['plugin:list', '--json'])).code).toBe(0);
    expect((await kb(project.root, ['plugin:remove', '@acme/greet'])).code).toBe(2);
    const looked = await kb(project.root, ['doctor']);
    expect([looked.code, looked.stdout]).toEqual([1, expect.stringMatching(/fail +plugin +\.kb\/plugins\.lock cannot be used/)]);
  });
});

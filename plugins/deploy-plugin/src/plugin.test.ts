import { readFileSync } from 'node:fs';

import { toManifest } from '@kb-labs/sdk/build';
import { expect, it } from 'vitest';

import plugin, { pushCommand, rollbackCommand } from './plugin.js';

it('asks for programs, its one file, the one secret and the agent of ssh, and for nothing else', () => {
  const { commands } = toManifest(plugin);
  const more = { fs: { read: ['.kb/deploy.json'] }, secrets: ['DEPLOY_SSH_KEY'], env: ['SSH_AUTH_SOCK'] };
  expect(commands.map(({ id, permissions }) => [id, permissions])).toEqual([
    ['deploy:push', { shell: true, ...more }],
    ['deploy:rollback', { shell: ['node', 'git', 'ssh'], ...more }],
  ]);
});

it('has the name and version of its package, which exports every handler', () => {
  const described = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { name: string; version: string; exports: object };
  expect([plugin.id, plugin.version]).toEqual([described.name, described.version]);
  for (const { handler } of plugin.commands) expect(JSON.stringify(described.exports)).toContain(`./dist/${handler.slice(2).split('#')[0] ?? ''}`);
});

it('has no default below the target, where whoever checks by JSON Schema would not fill it in', () => {
  for (const { input } of toManifest(plugin).commands) expect(JSON.stringify(input)).not.toContain('"default"');
});

it.each([
  ['no type', { path: '/x', source: 'dist' }],
  ['an unknown type', { type: 'ftp', source: 'dist' }],
  ['a path with a line break', { type: 'directory', path: '/x\n/y', source: 'dist' }],
  ['one release kept, for then there is no way back', { type: 'directory', path: '/x', source: 'dist', keep: 1 }],
  ['a program that is an option', { type: 'command', program: '-c' }],
  ['a variable of the engine', { type: 'command', program: 'x', env: { KB_DEPLOY_RELEASE: 'x' } }],
  ['an argument with a NUL', { type: 'command', program: 'x', args: ['a\0b'] }],
])('takes no target with %s', (_, target) => {
  expect(pushCommand.input.safeParse({ target }).success).toBe(false);
});

it('needs no input at all', () => {
  for (const { input, id } of toManifest(plugin).commands) expect(input, id).not.toHaveProperty('required');
});

it('takes no release that could be a path', () => {
  for (const to of ['..', '../../etc', '20200101-000000000-00000000000/', 'main', '-x', '']) {
    expect(rollbackCommand.input.safeParse({ target: { type: 'directory', path: '/x' }, to }).success, to).toBe(false);
  }
});

it('says every rule in the manifest too, by which the engine checks', () => {
  const text = JSON.stringify(toManifest(plugin).commands[0]?.input);
  for (const rule of ['"propertyNames":{"type":"string","pattern":"^(?!KB_)', '"pattern":"^https?:', '"minimum":2,', '"const":"ssh"']) expect(text).toContain(rule);
});

it('takes addresses of the web only', () => {
  const target = { type: 'command', program: 'x' };
  expect(pushCommand.input.safeParse({ target, url: 'https://example.org/a?b' }).success).toBe(true);
  for (const url of ['javascript:alert(1)', 'file:///etc', 'x']) expect(pushCommand.input.safeParse({ target, url }).success, url).toBe(false);
});

import { readFileSync } from 'node:fs';

import { toManifest } from '@kb-labs/sdk/build';
import { expect, it } from 'vitest';

import plugin from './plugin.js';

it('asks for git, for a shell to write hooks, for GitHub where it comments, and for nothing else', () => {
  const { commands } = toManifest(plugin);
  expect(commands.map(({ id, permissions }) => [id, permissions])).toEqual([
    ['git:diff', { shell: ['git'] }],
    ['git:status', { shell: ['git'] }],
    ['git:commit', { shell: ['git'] }],
    ['git:hooks-install', { shell: ['git', 'sh'] }],
    ['github:comment', { shell: ['git'], network: ['*'], secrets: ['GITHUB_TOKEN'] }],
  ]);
});

it('has the name and version of its package, which exports every handler', () => {
  const described = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { name: string; version: string; exports: object };
  expect([plugin.id, plugin.version]).toEqual([described.name, described.version]);
  for (const { handler } of plugin.commands) expect(JSON.stringify(described.exports)).toContain(`./dist/${handler.slice(2).split('#')[0] ?? ''}`);
});

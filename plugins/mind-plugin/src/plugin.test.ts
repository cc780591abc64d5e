import { readFileSync } from 'node:fs';

import { toManifest } from '@kb-labs/sdk/build';
import { expect, it } from 'vitest';

import plugin from './plugin.js';

it('asks for the files, a folder of its own to write, git and the language model, and for nothing else', () => {
  const permissions = { shell: ['git'], fs: { read: ['**'], write: ['.kb/mind/**'] }, services: ['llm'] };
  expect(toManifest(plugin).commands.map((command) => [command.id, command.permissions])).toEqual([
    ['mind:index', permissions],
    ['mind:rag-query', permissions],
  ]);
});

it('has the name and version of its package, which exports every handler', () => {
  const described = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { name: string; version: string; exports: object };
  expect([plugin.id, plugin.version]).toEqual([described.name, described.version]);
  for (const { handler } of plugin.commands) expect(JSON.stringify(described.exports)).toContain(`./dist/${handler.slice(2).split('#')[0] ?? ''}`);
});

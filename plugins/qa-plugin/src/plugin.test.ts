import { readFileSync } from 'node:fs';

import { toManifest } from '@kb-labs/sdk/build';
import { expect, it } from 'vitest';

import plugin from './plugin.js';

it('asks for the package managers, node and a shell, to read, to write its own reports, and for nothing else', () => {
  const { commands } = toManifest(plugin);
  expect(commands.map(({ id, permissions }) => [id, permissions])).toEqual([
    ['qa:run', { shell: ['npm', 'pnpm', 'yarn', 'bun', 'node', 'sh'], fs: { read: ['**'], write: ['**/.kb-qa-*', '**/.kb-qa-*/**'] } }],
  ]);
});

it('has the name and version of its package, which exports every handler', () => {
  const described = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { name: string; version: string; exports: object };
  expect([plugin.id, plugin.version]).toEqual([described.name, described.version]);
  for (const { handler } of plugin.commands) expect(JSON.stringify(described.exports)).toContain(`./dist/${handler.slice(2).split('#')[0] ?? ''}`);
});

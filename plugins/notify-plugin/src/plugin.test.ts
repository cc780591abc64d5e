import { readFileSync } from 'node:fs';

import { toManifest } from '@kb-labs/sdk/build';
import { expect, it } from 'vitest';

import plugin from './plugin.js';

it('asks for the network and its own secrets, and for nothing else', () => {
  const { commands } = toManifest(plugin);
  expect(commands.map(({ id, permissions }) => [id, permissions])).toEqual([
    ['slack:send', { network: ['*'], secrets: ['SLACK_WEBHOOK', 'SLACK_WEBHOOK_2', 'SLACK_WEBHOOK_3'] }],
    ['email:send', { network: ['*'], secrets: ['SMTP_USER', 'SMTP_PASSWORD'] }],
    ['webhook:send', { network: ['*'], secrets: ['WEBHOOK_URL', 'WEBHOOK_SECRET', 'WEBHOOK_SECRET_2', 'WEBHOOK_SECRET_3'] }],
  ]);
});

it('has the name and version of its package, which exports every handler', () => {
  const described = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { name: string; version: string; exports: object };
  expect([plugin.id, plugin.version]).toEqual([described.name, described.version]);
  for (const { handler } of plugin.commands) expect(JSON.stringify(described.exports)).toContain(`./dist/${handler.slice(2).split('#')[0] ?? ''}`);
});

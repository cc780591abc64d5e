import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { spawnSource } from '@kb-labs/testkit';
import { expect, it } from 'vitest';

import { openedServer } from './opened.fixture.js';

const at = openedServer();
const PROGRAM = fileURLToPath(new URL('./loaded-modules.fixture.ts', import.meta.url));

it.each([
  ['serves some runs', ['run_00000000000000000000000001'], 'false'],
  ['serves all runs', [], 'true'],
])('a worker that %s finds BullMQ loaded afterwards: %s → %s', async (_, scope, expected) => {
  const child = spawnSource(PROGRAM, [at.server.url, ...scope]);
  if (child.stdout === null) throw new Error('no output');
  expect((await text(child.stdout)).trim()).toBe(expected);
});

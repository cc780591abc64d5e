import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { spawnSource } from '@kb-labs/testkit';
import { expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('./loaded-modules.fixture.ts', import.meta.url));

it.each([
  ['./index.js', []],
  ['./s3/index.js', []],
  ['./redis/index.js', ['ioredis']],
  // That the program would notice.
  ['@aws-sdk/client-s3', ['@aws-sdk/client-s3']],
])('importing %s loads %j', async (entry, expected) => {
  const child = spawnSource(PROGRAM, [entry]);
  if (child.stdout === null) throw new Error('no output');
  expect(JSON.parse(await text(child.stdout))).toEqual(expected);
});

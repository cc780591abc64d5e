import { spawnSync } from 'node:child_process';

import { expect, it } from 'vitest';

import { isThere } from './is-there.js';

it('tells a process that is there, also of another user, from one that is gone', () => {
  expect(isThere(process.pid)).toBe(true);
  // The first of the machine, or of its container, is whoever's it is.
  expect(isThere(1)).toBe(true);
  expect(isThere(spawnSync(process.execPath, ['-e', '']).pid)).toBe(false);
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { fakeClock } from '@kb-labs/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { openEmbeddedStore } from './index.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kb-store-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

const open = (state: string) => openEmbeddedStore({ dir: join(dir, state), clock: fakeClock() });

it('says what to do where no folder can be made', async () => {
  writeFileSync(join(dir, 'file'), '');
  await expect(open('file/state')).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE', hint: expect.stringContaining('KB_STATE_URL=file:DIR') as string });
});

it('says what to do where the file cannot be opened', async () => {
  mkdirSync(join(dir, 'state/state.db'), { recursive: true });
  await expect(open('state')).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE', hint: expect.stringContaining('has to be able to write') as string });
});

it('has nothing to advise about a file that is no state', async () => {
  mkdirSync(join(dir, 'state'));
  writeFileSync(join(dir, 'state/state.db'), 'neither a header nor a page of SQLite'.repeat(200));
  const refused = open('state');
  await expect(refused).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  await expect(refused).rejects.not.toMatchObject({ hint: expect.stringContaining('has to be able to write') as string });
});

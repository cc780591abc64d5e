import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { makeStepFolder, sweepStepFolders } from './step-folder.js';

it('the folders of processes that are gone are swept, and no others', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'kb-sweep-'));
  const { pid } = spawnSync('true');
  const stale = join(parent, `kb-step-${pid}-abcdef`);
  mkdirSync(join(stale, 'artifacts'), { recursive: true });
  writeFileSync(join(stale, 'script'), 'secret');
  const foreign = join(parent, 'kb-step-notes');
  mkdirSync(foreign);
  const own = makeStepFolder(parent, 'echo');
  await sweepStepFolders(parent);
  expect([existsSync(stale), existsSync(foreign), existsSync(own.script)]).toEqual([false, true, true]);
  await own.remove();
  rmSync(parent, { recursive: true });
});

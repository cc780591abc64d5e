import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import type { RunId } from '@kb-labs/contracts';
import { aCreate, aStepFinished, countingIds, fakeClock } from '@kb-labs/testkit';
import { expect, it, onTestFinished, type TestContext } from 'vitest';

import { openEmbeddedStore } from './index.js';
import { temporaryDir } from './temporary-dir.fixture.js';

const ids = countingIds();
const clock = fakeClock();
const KiB = 1_024;

it('refuses what does not fit, keeps what it acknowledged, and goes on by itself when there is room again', async ({ skip }) => {
  const disk = smallDisk(8_192 * KiB, skip);
  const dir = join(disk, 'state');
  const store = await openEmbeddedStore({ dir, clock });
  const runId = ids.runId();
  await store.log.create(aCreate(runId));
  fillUp(disk, 512 * KiB);

  let head = 1;
  const append = (kib: number): Promise<unknown> => store.log.append({ runId, at: 1, events: [aStepFinished({ outputs: { text: 'x'.repeat(kib * KiB) } })] });
  await expect(
    (async () => {
      for (; head < 1_000; head += 1) await append(64);
    })(),
  ).rejects.toMatchObject({ code: 'STATE_FULL' });
  expect(head).toBeGreaterThan(1);
  await expect(append(2_000)).rejects.toMatchObject({ code: 'STATE_FULL' });
  expect(await store.log.read(runId, 0)).toHaveLength(head);

  rmSync(join(disk, 'filler'));
  expect(await append(64)).toEqual({ ok: true, seq: head + 1 });
  await store.close();
  await expectWhole(dir, runId, head + 1);
});

it('lets a small write of a commit pass when a large one does not fit', async ({ skip }) => {
  const disk = smallDisk(8_192 * KiB, skip);
  const dir = join(disk, 'state');
  const store = await openEmbeddedStore({ dir, clock });
  const runId = ids.runId();
  await store.log.create(aCreate(runId));
  const results = await Promise.allSettled([
    store.log.append({ runId, at: 1, events: [aStepFinished()] }),
    store.log.append({ runId, at: 2, events: [aStepFinished({ outputs: { text: 'x'.repeat(16_384 * KiB) } })] }),
    store.log.append({ runId, at: 3, events: [aStepFinished()] }),
  ]);
  expect(results.map((result) => (result.status === 'fulfilled' ? result.value : (result.reason as { code: string }).code))).toEqual([
    { ok: true, seq: 2 },
    'STATE_FULL',
    { ok: true, seq: 3 },
  ]);
  await store.close();
  await expectWhole(dir, runId, 3);
});

it('says that there is no room to open it', async ({ skip }) => {
  const disk = smallDisk(1_024 * KiB, skip);
  fillUp(disk, 0);
  await expect(openEmbeddedStore({ dir: join(disk, 'state'), clock })).rejects.toMatchObject({ code: 'STATE_FULL' });
  rmSync(join(disk, 'filler'));
  await (await openEmbeddedStore({ dir: join(disk, 'state'), clock })).close();
});

function smallDisk(bytes: number, skip: TestContext['skip']): string {
  const disk = join(temporaryDir(), 'disk');
  mkdirSync(disk);
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${String(bytes)}`, 'tmpfs', disk);
  } catch {
    skip('needs the right to mount a small file system');
  }
  onTestFinished(() => run('umount', disk));
  return disk;
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: 'ignore' });
}

function fillUp(disk: string, leave: number): void {
  const { bavail, bsize } = statfsSync(disk);
  const filler = openSync(join(disk, 'filler'), 'w');
  writeFileSync(filler, Buffer.alloc(bavail * bsize - leave));
  fsyncSync(filler);
  closeSync(filler);
}

async function expectWhole(dir: string, runId: RunId, head: number): Promise<void> {
  const store = await openEmbeddedStore({ dir, clock });
  expect((await store.log.read(runId, 0)).map((event) => event.seq)).toEqual(Array.from({ length: head }, (_, index) => index + 1));
  await store.close();
  const database = new DatabaseSync(join(dir, 'state.db'));
  expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  database.close();
}

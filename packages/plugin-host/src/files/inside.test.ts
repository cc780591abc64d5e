import { constants, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { temporaryFolder } from '../step-call.fixture.js';
import { openInside, resolveInside } from './inside.js';

const outside = temporaryFolder();
const folder = temporaryFolder();
const root = join(folder.path, 'root');
const linkToRoot = join(folder.path, 'link-to-root');
afterAll(() => {
  folder[Symbol.dispose]();
  outside[Symbol.dispose]();
});

mkdirSync(join(root, 'a/b'), { recursive: true });
mkdirSync(`${root}-beside`);
writeFileSync(join(root, 'a/file'), 'x');
writeFileSync(join(outside.path, 'file'), 'secret');
symlinkSync(root, linkToRoot);
symlinkSync(outside.path, join(root, 'out'));
symlinkSync('../../root-beside', join(root, 'a/beside'));
symlinkSync('a/b', join(root, 'in'));
symlinkSync('loop', join(root, 'loop'));
symlinkSync(join(outside.path, 'not-there-yet'), join(root, 'dangling'));

describe('a path below a root', () => {
  it.each([
    ['a/file', 'a/file'],
    ['.', ''],
    ['', ''],
    ['in', 'a/b'],
    ['in/new/deep', 'a/b/new/deep'],
    ['a/../a/./file', 'a/file'],
    ['new', 'new'],
    [join(root, 'a/file'), 'a/file'],
    [root, ''],
    ['..a', '..a'],
    ['a/b/...', 'a/b/...'],
  ])('%j is %j', async (path, relative) => {
    expect(await resolveInside(root, path)).toEqual({ root, absolute: relative === '' ? root : join(root, relative), relative });
    expect((await resolveInside(linkToRoot, path))?.relative).toBe(relative);
  });

  it.each(['..', '../root-beside', '../root-beside/x', '/', '/etc', 'a/../../x', 'out', 'out/file', 'out/new', 'a/beside', 'a/beside/x', '/proc/self/cwd', 'a\0/../..', '../root/../x'])(
    '%j leads out',
    async (path) => {
      expect(await resolveInside(root, path)).toBeUndefined();
    },
  );

  it.each(['loop', 'loop/x', 'dangling', 'dangling/x', 'a/file/x'])('%j leads nowhere', async (path) => {
    await expect(resolveInside(root, path)).rejects.toMatchObject({ code: expect.stringMatching(/^(ELOOP|ENOENT|ENOTDIR)$/) as string });
  });

  it('can be a link itself, when it is to be removed', async () => {
    expect(await resolveInside(root, 'out', { lastLink: 'keep' })).toEqual({ root, absolute: join(root, 'out'), relative: 'out' });
    expect(await resolveInside(root, 'out/file', { lastLink: 'keep' })).toBeUndefined();
  });

  it('is not opened when a folder on the way was exchanged for a link', async () => {
    mkdirSync(join(root, 'swap'));
    writeFileSync(join(root, 'swap/file'), 'mine');
    const place = await resolveInside(root, 'swap/file');
    expect(place).toBeDefined();
    if (place === undefined) return;
    const opened = await openInside(place, constants.O_RDONLY);
    expect(await opened?.readFile('utf8')).toBe('mine');
    await opened?.close();
    renameSync(join(root, 'swap'), join(root, 'swapped'));
    symlinkSync(outside.path, join(root, 'swap'));
    if (process.platform === 'linux') expect(await openInside(place, constants.O_RDONLY)).toBeUndefined();
  });

  it('is not opened when the file itself was exchanged for a link', async () => {
    writeFileSync(join(root, 'plain'), 'mine');
    const place = await resolveInside(root, 'plain');
    renameSync(join(root, 'plain'), join(root, 'plain-2'));
    symlinkSync(join(outside.path, 'file'), join(root, 'plain'));
    if (place !== undefined) await expect(openInside(place, constants.O_RDONLY)).rejects.toMatchObject({ code: 'ELOOP' });
    expect(place).toBeDefined();
  });
});

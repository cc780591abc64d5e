import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Permissions } from '@kb-labs/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { temporaryFolder } from '../step-call.fixture.js';
import { toGrant } from './grant.js';
import { pluginFiles } from './plugin-files.js';

const DENIED = { code: 'PERMISSION_DENIED' };
let outside: ReturnType<typeof temporaryFolder>;
let folder: ReturnType<typeof temporaryFolder>;
let root = '';

beforeEach(() => {
  outside = temporaryFolder();
  folder = temporaryFolder();
  root = folder.path;
  put('src/a.ts', 'a');
  put('src/deep/b.ts', 'b');
  put('secrets/key.txt', 'secret');
  writeFileSync(join(outside.path, 'file'), 'outside');
  symlinkSync(outside.path, join(root, 'src/out'));
  symlinkSync('../secrets/key.txt', join(root, 'src/key.ts'));
});
afterEach(() => {
  folder[Symbol.dispose]();
  outside[Symbol.dispose]();
});

const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const files = (fs: Permissions['fs']) => pluginFiles(root, toGrant({ fs }, {}));

describe('ctx.fs', () => {
  it('reads what is granted', async () => {
    const fs = files({ read: ['src/**'] });
    expect(await fs.readText('src/a.ts')).toBe('a');
    expect(await fs.readBytes(join(root, 'src/deep/b.ts'))).toEqual(Buffer.from('b'));
    expect(await fs.stat('src/a.ts')).toMatchObject({ kind: 'file', bytes: 1 });
    expect(await fs.stat('src/deep')).toMatchObject({ kind: 'folder' });
    expect([await fs.exists('src/a.ts'), await fs.exists('src/none')]).toEqual([true, false]);
    await expect(fs.readText('src/none')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each(['secrets/key.txt', 'src/../secrets/key.txt', '../x', '/etc/passwd', 'src/out/file', 'src/key.ts', '.'])('does not read %j', async (path) => {
    const fs = files({ read: ['src/**'] });
    await expect(fs.readText(path)).rejects.toMatchObject(DENIED);
    await expect(fs.stat(path)).rejects.toMatchObject(DENIED);
    await expect(fs.exists(path)).rejects.toMatchObject(DENIED);
  });

  it('lists files that match and may be read, without following links', async () => {
    expect(await files({ read: ['src/**'] }).list('**')).toEqual(['src/a.ts', 'src/deep/b.ts']);
    expect(await files({ read: ['**'] }).list('**/*.t?t')).toEqual(['secrets/key.txt']);
    expect(await files({ read: ['**'] }).list('../**')).toEqual([]);
    await expect(files(undefined).list('**')).rejects.toMatchObject({ ...DENIED, message: expect.stringContaining('fs.read') as string });
  });

  it('writes with the folders above, and over what is there', async () => {
    const fs = files({ write: ['dist/**'] });
    await fs.write('dist/x/y.txt', 'a longer text');
    await fs.write('dist/x/y.txt', 'short');
    expect(readFileSync(join(root, 'dist/x/y.txt'), 'utf8')).toBe('short');
    await fs.write('dist/z.bin', new Uint8Array([0, 255]));
    expect([...readFileSync(join(root, 'dist/z.bin'))]).toEqual([0, 255]);
  });

  it.each(['src/new.ts', '../x', '/tmp/kb-never', 'dist/../src/a.ts', 'dist/out/new', 'dist/link'])('does not write %j', async (path) => {
    mkdirSync(join(root, 'dist'));
    symlinkSync(outside.path, join(root, 'dist/out'));
    symlinkSync(join(root, 'src/a.ts'), join(root, 'dist/link'));
    await expect(files({ write: ['dist/**'] }).write(path, 'changed')).rejects.toMatchObject(DENIED);
    expect(readFileSync(join(root, 'src/a.ts'), 'utf8')).toBe('a');
    expect([existsSync(join(outside.path, 'new')), existsSync('/tmp/kb-never'), existsSync(join(root, 'src/new.ts'))]).toEqual([false, false, false]);
  });

  it('does not write through a link to a file that is not there yet', async () => {
    mkdirSync(join(root, 'dist'));
    symlinkSync(join(outside.path, 'new'), join(root, 'dist/new'));
    await expect(files({ write: ['**'] }).write('dist/new', 'x')).rejects.toThrow();
    expect(existsSync(join(outside.path, 'new'))).toBe(false);
  });

  it('removes files, folders and links, but not what links lead to', async () => {
    const fs = files({ write: ['src/**'] });
    await fs.remove('src/out');
    expect(existsSync(join(outside.path, 'file'))).toBe(true);
    await fs.remove('src/deep');
    await fs.remove('src/a.ts');
    await fs.remove('src/none');
    expect(existsSync(join(root, 'src/deep'))).toBe(false);
    await expect(fs.remove('secrets')).rejects.toMatchObject(DENIED);
    await expect(fs.remove('.')).rejects.toMatchObject(DENIED);
    await expect(fs.remove('..')).rejects.toMatchObject(DENIED);
  });

  it('removes nothing of a folder that holds something not granted', async () => {
    put('dist/a.js', '1');
    put('dist/keep.txt', '2');
    await expect(files({ write: ['dist/*.js'] }).remove('dist')).rejects.toMatchObject(DENIED);
    expect(lstatSync(join(root, 'dist/a.js')).isFile()).toBe(true);
    rmSync(join(root, 'dist/keep.txt'));
    await expect(files({ write: ['dist/*.ts'] }).remove('dist')).rejects.toMatchObject(DENIED);
    await files({ write: ['dist/**'] }).remove('dist');
    expect(existsSync(join(root, 'dist'))).toBe(false);
  });

  it('without a permission does nothing at all', async () => {
    const fs = files(undefined);
    await expect(fs.readText('src/a.ts')).rejects.toMatchObject({ ...DENIED, message: 'denied: reading src/a.ts needs the permission fs.read: [src/a.ts]' });
    await expect(fs.write('src/a.ts', '')).rejects.toMatchObject(DENIED);
    await expect(fs.remove('src/a.ts')).rejects.toMatchObject(DENIED);
  });
});

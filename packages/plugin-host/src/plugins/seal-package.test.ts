import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { temporaryFolder } from '../step-call.fixture.js';
import { writePlugin } from './plugin-package.fixture.js';
import { changedFiles, type Seal, sealPackage } from './seal-package.js';

/** Of every Unix. */
const MAKE_PIPE = 'mkfifo';

let folder: ReturnType<typeof temporaryFolder>;
let root = '';
beforeEach(() => {
  folder = temporaryFolder();
  root = writePlugin(join(folder.path, 'plugin'), { files: { 'dist/data.bin': 'x'.repeat(300_000), 'README.md': 'hello' } });
});
afterEach(() => folder[Symbol.dispose]());

async function seal(former?: Seal): Promise<Seal> {
  const result = await sealPackage(root, former);
  if (!result.ok) throw new Error(result.problem);
  return result.seal;
}

describe('the integrity of a package', () => {
  it('is defined by names, kinds, executable bits and bytes alone', async () => {
    root = join(folder.path, 'small');
    mkdirSync(join(root, 'a'), { recursive: true });
    writeFileSync(join(root, 'a/b.js'), 'abc');
    symlinkSync('a/b.js', join(root, 'c'));
    const lines = '["file","a/b.js",false,3,"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"]\n["link","c","a/b.js"]\n';
    expect((await seal()).integrity).toBe(`sha256-${createHash('sha256').update(lines).digest('base64')}`);
  });

  it('is the same elsewhere, at another time, with other installed packages and another state of git', async () => {
    const { integrity } = await seal();
    const there = join(folder.path, 'copy');
    execFileSync('cp', ['-r', root, there]);
    utimesSync(join(there, 'README.md'), 1, 1);
    mkdirSync(join(there, 'node_modules/left'), { recursive: true });
    writeFileSync(join(there, 'node_modules/left/index.js'), '1');
    mkdirSync(join(there, 'dist/node_modules'), { recursive: true });
    mkdirSync(join(there, '.git'));
    writeFileSync(join(there, '.git/index'), '1');
    root = there;
    expect((await seal()).integrity).toBe(integrity);
    symlinkSync(there, join(folder.path, 'linked'));
    root = join(folder.path, 'linked');
    expect((await seal()).integrity).toBe(integrity);
  });

  const changes: Readonly<Record<string, (file: (path: string) => string) => void>> = {
    'one byte': (file) => {
      const text = readFileSync(file('dist/greet/person.js'));
      text[3] = (text[3] ?? 0) ^ 1;
      writeFileSync(file('dist/greet/person.js'), text);
    },
    'one byte, with the time put back': (file) => {
      writeFileSync(file('README.md'), 'hellp');
      utimesSync(file('README.md'), 1_700_000_000, 1_700_000_000);
    },
    'one byte in the middle of a large file': (file) => writeFileSync(file('dist/data.bin'), `${'x'.repeat(280_000)}y${'x'.repeat(19_999)}`),
    'a file more': (file) => writeFileSync(file('dist/more.js'), ''),
    'a hidden file more': (file) => writeFileSync(file('.npmrc'), ''),
    'a file less': (file) => rmSync(file('README.md')),
    'another name': (file) => renameSync(file('README.md'), file('README')),
    'an executable bit': (file) => chmodSync(file('dist/greet/person.js'), 0o755),
    'a link in place of a file': (file) => {
      rmSync(file('README.md'));
      symlinkSync('package.json', file('README.md'));
    },
    'a nested .git': (file) => {
      mkdirSync(file('dist/.git'));
      writeFileSync(file('dist/.git/x.js'), '1');
    },
  };
  it.each(Object.entries(changes))('differs by %s, read afresh and after an earlier seal', async (_, change) => {
    utimesSync(join(root, 'README.md'), 1_700_000_000, 1_700_000_000);
    const before = await seal();
    const unchanged = await seal(before);
    expect(unchanged.integrity).toBe(before.integrity);
    change((path) => join(root, path));
    const after = await seal(before);
    expect(after.integrity).not.toBe(before.integrity);
    expect((await seal()).integrity).toBe(after.integrity);
    expect(changedFiles(before, after, 5)).not.toEqual([]);
  });

  it('says which files differ, and no more than asked', async () => {
    const before = await seal();
    for (const name of ['a', 'b', 'c']) writeFileSync(join(root, name), '');
    expect(changedFiles(before, await seal(before), 2)).toEqual(['a', 'b', 'and 1 more']);
  });

  it.each<readonly [string, (path: string) => void, string]>([
    ['a link out of it', (path) => symlinkSync('/etc/passwd', path), 'leads out of the package'],
    ['a link above it', (path) => symlinkSync('..', path), 'leads out of the package'],
    ['a link that leads nowhere', (path) => symlinkSync('nothing', path), 'leads nowhere'],
    ['a link to what does not count', (path) => {
      mkdirSync(join(path, '../node_modules'));
      writeFileSync(join(path, '../node_modules/x.js'), '1');
      symlinkSync('node_modules/x.js', path);
    }, 'leads out of the package'],
    ['a pipe', (path) => execFileSync(MAKE_PIPE, [path]), 'is neither a file nor a folder'],
  ])('is refused for %s', async (_, make, problem) => {
    make(join(root, 'odd'));
    expect(await sealPackage(root)).toEqual({ ok: false, problem: expect.stringContaining(problem) as string });
  });

  it('says why a package cannot be read', async () => {
    expect(await sealPackage(join(folder.path, 'none'))).toMatchObject({ ok: false, problem: expect.stringContaining('ENOENT') as string });
  });
});

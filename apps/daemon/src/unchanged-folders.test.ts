import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { UnchangedFolders } from './unchanged-folders.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kb-folders-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const later = { now: () => Date.now() + 60_000 };
const put = (name: string): void => writeFileSync(join(root, name), '');
/** So that the next change has another time, however coarse the clock of the file system is. */
const age = (): void => utimesSync(root, 1, 1);

describe('a folder that has not changed for a while', () => {
  it('is not listed again', () => {
    put('a');
    const folders = new UnchangedFolders(later);
    const first = folders.list(root);
    expect(first.map(({ name }) => name)).toEqual(['a']);
    // The same list: it was not made from the folder again.
    expect(folders.list(root)).toBe(first);
  });

  it.each<[string, () => void, readonly string[]]>([
    ['got a file', () => put('b'), ['a', 'b', 'd']],
    ['lost one', () => rmSync(join(root, 'a')), ['d']],
    ['has one under another name', () => renameSync(join(root, 'a'), join(root, 'c')), ['c', 'd']],
    ['is another one', () => { renameSync(root, `${root}-old`); mkdirSync(root); rmSync(`${root}-old`, { recursive: true }); }, []],
    ['is gone', () => rmSync(root, { recursive: true }), []],
  ])('is listed again by the very next look when it %s', (_, change, names) => {
    put('a');
    mkdirSync(join(root, 'd'));
    age();
    const folders = new UnchangedFolders(later);
    folders.list(root);
    change();
    expect(folders.list(root).map(({ name }) => name).sort()).toEqual(names);
  });

  it('is listed again when a file has become a link', () => {
    put('a');
    age();
    const folders = new UnchangedFolders(later);
    expect(folders.list(root)[0]?.isFile()).toBe(true);
    rmSync(join(root, 'a'));
    symlinkSync('b', join(root, 'a'));
    expect(folders.list(root)[0]?.isSymbolicLink()).toBe(true);
  });

  it('is listed again after it was let go of', () => {
    const folders = new UnchangedFolders(later);
    const first = folders.list(root);
    folders.keepOnly(new Set());
    expect(folders.list(root)).not.toBe(first);
  });
});

it('a folder that could change without another time is listed each time', () => {
  const folders = new UnchangedFolders({ now: Date.now });
  expect(folders.list(root)).not.toBe(folders.list(root));
});

it('what is no folder, or not there, holds nothing', () => {
  put('file');
  const folders = new UnchangedFolders(later);
  expect([folders.list(join(root, 'file')), folders.list(join(root, 'file/x')), folders.list(join(root, 'absent'))]).toEqual([[], [], []]);
});

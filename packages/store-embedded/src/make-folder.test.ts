import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { makeFolder } from './make-folder.js';
import { temporaryDir } from './temporary-dir.fixture.js';

describe('a folder', () => {
  it('is made with those above it, for its owner only, and the first that was made is told', () => {
    const dir = temporaryDir();
    expect(makeFolder(join(dir, 'a', 'b', 'c'))).toBe(join(dir, 'a'));
    expect(['a', 'a/b', 'a/b/c'].map((name) => statSync(join(dir, name)).mode & 0o777)).toEqual([0o700, 0o700, 0o700]);
    expect(makeFolder(join(dir, 'a', 'b', 'c'))).toBeUndefined();
    expect(makeFolder(join(dir, 'a', 'b', 'd'))).toBe(join(dir, 'a', 'b', 'd'));
  });

  it('is not made where a file is in the way', () => {
    const dir = temporaryDir();
    writeFileSync(join(dir, 'file'), '');
    expect(() => makeFolder(join(dir, 'file'))).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    expect(() => makeFolder(join(dir, 'file', 'a'))).toThrow(expect.objectContaining({ code: 'EEXIST' }));
  });

  it.skipIf(!existsSync('/proc/self/stat'))('is refused by a file system that has no new ones', () => {
    expect(() => makeFolder('/proc/kb/state')).toThrow(expect.objectContaining({ code: 'ENOENT', syscall: 'mkdir', message: 'no folder can be made in /proc' }));
  });
});

import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { temporaryFolder } from '../step-call.fixture.js';
import { hashFiles } from './hash-files.js';
import { workspaceFiles } from './workspace-files.js';

const outside = temporaryFolder();
const folder = temporaryFolder();
const root = folder.path;
afterAll(() => {
  folder[Symbol.dispose]();
  outside[Symbol.dispose]();
});

const CONTENT: Readonly<Record<string, string>> = {
  'pnpm-lock.yaml': 'lock\n',
  'src/a.ts': 'a\n',
  'src/b.ts': 'b\n',
  'src/deep/c.ts': 'c\n',
  'src/deep/c.md': 'text\n',
  '.dot/d.ts': 'd\n',
  'empty.txt': '',
};
for (const [path, text] of Object.entries(CONTENT)) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
writeFileSync(join(outside.path, 'secret.ts'), 'secret\n');
symlinkSync(join(outside.path, 'secret.ts'), join(root, 'src/link.ts'));
symlinkSync(outside.path, join(root, 'out'));

/** The definition, over the files expected. */
function expected(...paths: string[]): string {
  const whole = createHash('sha256');
  for (const path of paths) whole.update(createHash('sha256').update(CONTENT[path] ?? '').digest());
  return whole.digest('hex');
}

describe('hashFiles', () => {
  it('is the digest of the digests as bytes, not as hex', () => {
    // (sha256 of "a\n" and "b\n", 64 bytes) | sha256sum
    expect(hashFiles(root, ['src/*.ts'])).toBe('6ec7b73f58839768f5eb006d96b02ebaa7bf3d30c5daaccc832663c8266e0931');
  });

  it.each([
    [['pnpm-lock.yaml'], ['pnpm-lock.yaml']],
    [['**/*.ts'], ['.dot/d.ts', 'src/a.ts', 'src/b.ts', 'src/deep/c.ts']],
    [['**/*.ts', '!src/deep/**'], ['.dot/d.ts', 'src/a.ts', 'src/b.ts']],
    [['src/**', '!**/*.ts', 'src/b.ts'], ['src/b.ts', 'src/deep/c.md']],
    [['src'], ['src/a.ts', 'src/b.ts', 'src/deep/c.md', 'src/deep/c.ts']],
    [['src', '!src/deep'], ['src/a.ts', 'src/b.ts']],
    [['src/b.ts', 'src/a.ts'], ['src/a.ts', 'src/b.ts']],
    [['# a note', '', ' empty.txt '], ['empty.txt']],
    [['./src/[ab].ts'], ['src/a.ts', 'src/b.ts']],
  ])('of %j covers %j', (patterns, paths) => {
    expect(hashFiles(root, patterns)).toBe(expected(...paths));
  });

  it.each([[['*.nothing']], [[]], [['!src/**']], [['out/**']], [['src/link.ts']], [['/etc/passwd']], [['../**']], [[`${outside.path}/*`]]])(
    'of %j is empty: nothing of the root matches',
    (patterns) => {
      expect(hashFiles(root, patterns)).toBe('');
    },
  );

  it('changes with a byte and with a path that changes the order, not with the time', () => {
    const before = hashFiles(root, ['src/**']);
    writeFileSync(join(root, 'src/a.ts'), 'A\n');
    expect(hashFiles(root, ['src/**'])).not.toBe(before);
    writeFileSync(join(root, 'src/a.ts'), 'a\n');
    expect(hashFiles(root, ['src/**'])).toBe(before);
  });
});

describe('the files of a workspace', () => {
  const read = async (path: string): Promise<string | undefined> => {
    const content = await workspaceFiles.open(root, path);
    if (content === undefined) return undefined;
    const parts: Uint8Array[] = [];
    for await (const part of content) parts.push(part);
    return Buffer.concat(parts).toString('utf8');
  };

  it('are read by relative paths, through links that stay inside', async () => {
    symlinkSync('a.ts', join(root, 'src/inside.ts'));
    expect(await read('src/a.ts')).toBe('a\n');
    expect(await read('src/inside.ts')).toBe('a\n');
    expect(await read('src/../src/a.ts')).toBe('a\n');
  });

  it.each(['src', 'nothing', 'src/a.ts/x', '../x', '/etc/passwd', 'src/link.ts', 'out/secret.ts', 'out', '.', '', 'a\0b'])('hold nothing at %j', async (path) => {
    expect(await read(path)).toBeUndefined();
  });

  it('tell a file that cannot be read from one that is not there', async () => {
    const closed = join(root, 'closed.txt');
    writeFileSync(closed, 'x');
    chmodSync(closed, 0);
    // Root may read everything.
    if (process.getuid?.() === 0) expect(await read('closed.txt')).toBe('x');
    else await expect(read('closed.txt')).rejects.toMatchObject({ code: 'EACCES' });
  });
});

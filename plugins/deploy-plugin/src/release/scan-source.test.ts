import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { isWithin, scanSource, staysInside } from './scan-source.js';

let root: string;
beforeEach(() => {
  root = join(realpathSync(mkdtempSync(join(tmpdir(), 'deploy-scan-'))), 'source');
  mkdirSync(join(root, 'a/b'), { recursive: true });
});
afterEach(() => {
  rmSync(join(root, '..'), { recursive: true, force: true });
});

const NAMES = ['l', 'm', 'a/l', 'a/m', 'a/b/l', 'a/b/m'];

/** Whether what is at the path, with every link followed as the system does, is outside; what leads nowhere is not. */
function escapes(path: string): boolean {
  try {
    return !isWithin(root, realpathSync.native(join(root, path)));
  } catch {
    return false;
  }
}

describe('links', () => {
  const part = fc.constantFrom('..', '..', '.', '', 'a', 'b', 'l', 'm');
  const link = fc.tuple(fc.constantFrom(...NAMES), fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/') || '.'));

  it('that are let through never lead outside, whichever others are there', () => {
    fc.assert(
      fc.property(fc.array(link, { minLength: 1, maxLength: 6 }), (links) => {
        for (const name of NAMES) rmSync(join(root, name), { force: true });
        const made = new Map(links.filter(([path, leadsTo]) => staysInside(path, leadsTo)));
        for (const [path, leadsTo] of made) symlinkSync(leadsTo, join(root, path));
        for (const path of made.keys()) expect(escapes(path)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('that look as if they stayed inside, but do not, are not let through', () => {
    // On paper this is "f"; but "a/b/up" is the root, and two steps up from there is outside.
    symlinkSync('../..', join(root, 'a/b/up'));
    symlinkSync('a/b/up/../..', join(root, 'l'));
    expect([staysInside('a/b/up', '../..'), staysInside('l', 'a/b/up/../..'), escapes('l')]).toEqual([true, false, true]);
  });

  it.each([
    ['x', 'y', true],
    ['x', './y/z', true],
    ['a/x', '../y', true],
    ['a/b/x', '../../y', true],
    ['a/x', '../../y', false],
    ['x', '..', false],
    ['x', '/etc', false],
    ['a/x', 'y/../z', false],
    ['x', '...', true],
  ])('%s to %s: %s', (path, leadsTo, inside) => {
    expect(staysInside(path, leadsTo)).toBe(inside);
  });
});

describe('the scan', () => {
  it('lists folders before what is in them, whatever the names', async () => {
    for (const name of ['a-b', 'a/b/c', 'a b', 'z\nz', '-rf', '.hidden', '$(x)']) writeFileSync(join(root, name), name);
    const entries = await scanSource(root);
    expect(entries.map(({ path }) => path)).toEqual(['$(x)', '-rf', '.hidden', 'a', 'a b', 'a-b', 'a/b', 'a/b/c', 'z\nz']);
    expect(entries.filter(({ kind }) => kind === 'folder').map(({ path }) => path)).toEqual(['a', 'a/b']);
  });

  it('refuses what is no file, and names that are not UTF-8', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    await expect(scanSource(root)).rejects.toMatchObject({ refusal: { code: 'SOURCE_KIND', later: false } });
    rmSync(join(root, 'pipe'));
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0x61])]), '');
    await expect(scanSource(root)).rejects.toMatchObject({ refusal: { code: 'SOURCE_NAME' } });
  });
});

import { testContext } from '@kb-labs/sdk/testing';
import { describe, expect, it } from 'vitest';

import { listFiles } from './list-files.js';

/** What git says, without a repository of that kind. */
function listed(entries: readonly string[]) {
  const { fs } = testContext({ workspace: '/' });
  return listFiles({ fs, exec: async () => ({ exitCode: 0, stdout: entries.map((entry) => `${entry}\0`).join(''), stderr: '' }) }, { exclude: [] });
}

const object = 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391';

describe('what git lists', () => {
  it('is read with the kind of each entry, a file in conflict once', async () => {
    const { paths, skipped } = await listed([
      `100644 ${object} 1\tboth.ts`,
      `100644 ${object} 2\tboth.ts`,
      `100755 ${object} 0\ta\tb\nc.sh`,
      `120000 ${object} 0\tlink`,
      `160000 ${object} 0\tvendored`,
      'nested/',
      'new.ts',
    ]);
    expect(paths).toEqual(['a\tb\nc.sh', 'both.ts', 'new.ts']);
    expect(Object.fromEntries(skipped)).toEqual({ link: 1, submodule: 2 });
  });

  it('is cut off where it would be too much, and counted', async () => {
    const { paths, skipped } = await listed(Array.from({ length: 100_003 }, (_, at) => `${String(at)}.ts`));
    expect(paths).toHaveLength(100_000);
    expect(Object.fromEntries(skipped)).toEqual({ 'too-many': 3 });
  });
});

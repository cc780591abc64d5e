import assert from 'node:assert/strict';
import { test } from 'node:test';

import { testContext } from '@kb-labs/sdk/testing';

import countFiles from './stats.js';

const input = { glob: '**', ignore: ['node_modules'], top: 1 };

await test('counts by extension, most files first, and keeps the whole table', async (t) => {
  const ctx = testContext();
  t.after(ctx.dispose);
  await ctx.fs.write('a.ts', 'one');
  await ctx.fs.write('src/b.ts', 'three');
  await ctx.fs.write('Makefile', '');
  await ctx.fs.write('node_modules/x/index.js', '');

  const { files, bytes, extensions } = await countFiles(input, ctx);

  assert.deepEqual({ files, bytes }, { files: 3, bytes: 8 });
  assert.deepEqual(extensions, [{ extension: '.ts', files: 2, bytes: 8 }]);
  assert.equal(ctx.saved.get('repo-stats.csv')?.text, 'extension,files,bytes\n".ts",2,8\n"(none)",1,0\n');
});

await test('fails for good when nothing matches', async (t) => {
  const ctx = testContext();
  t.after(ctx.dispose);
  await assert.rejects(countFiles({ ...input, glob: '*.nothing' }, ctx), { code: 'NO_FILES', kbRetry: 'never' });
});

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { Corpus } from '../corpus.fixture.js';
import indexWorkspace from '../mind/index-workspace.js';
import { loadIndex, saveIndex } from './index-folder.js';
import { packIndex, unpackIndex } from './search-index.js';

const everything = { exclude: [], maxFileBytes: 524_288, force: false };

async function indexed() {
  const corpus = new Corpus({ 'a.md': '# One\nalpha beta\n', 'b.ts': 'export const gamma = 1;\n' }).init();
  const ctx = corpus.ctx();
  await indexWorkspace(everything, ctx);
  const folder = join(corpus.root, '.kb/mind');
  const index = await loadIndex(ctx.fs);
  if (index === undefined) throw new Error('there is no index');
  return { corpus, ctx, folder, index, [Symbol.dispose]: () => corpus.dispose() };
}

describe('the folder of the index', () => {
  it('is one file that git does not see', async () => {
    using made = await indexed();
    expect(readdirSync(made.folder).toSorted()).toEqual(['.gitignore', expect.stringMatching(/^0000000001-[0-9a-f]{8}\.index$/)]);
    expect(made.corpus.git('status', '--porcelain', '--untracked-files=all')).not.toContain('.kb');
  });

  it('gives the earlier index while a new one is cut off, wherever that is, and the new one when it is whole', async () => {
    using made = await indexed();
    const next = packIndex({ ...made.index, header: { ...made.index.header, at: 2 } });
    const path = join(made.folder, '0000000002-00000000.index');
    for (let length = 0; length < next.length; length += 7) {
      writeFileSync(path, next.subarray(0, length));
      expect((await loadIndex(made.ctx.fs))?.header.at).toBe(made.index.header.at);
    }
    writeFileSync(path, next);
    expect((await loadIndex(made.ctx.fs))?.header.at).toBe(2);
    // The next one clears both away.
    made.corpus.write('c.md', 'delta');
    await indexWorkspace(everything, made.ctx);
    expect(readdirSync(made.folder).filter((name) => name.endsWith('.index'))).toEqual([expect.stringMatching(/^0000000003-/)]);
  });

  it('takes no byte that is not as it was written', async () => {
    using made = await indexed();
    const packed = packIndex(made.index);
    expect(unpackIndex(packed)?.header).toEqual(made.index.header);
    for (let at = 0; at < packed.length; at += 3) {
      const flipped = Buffer.from(packed);
      flipped[at] = (flipped[at] ?? 0) ^ 0x10;
      expect(unpackIndex(flipped)).toBeUndefined();
    }
  });

  it('makes the index anew when that of another version is all there is', async () => {
    using made = await indexed();
    const [name = ''] = readdirSync(made.folder).filter((file) => file.endsWith('.index'));
    const other = readFileSync(join(made.folder, name));
    other.write('KBMIND 9');
    writeFileSync(join(made.folder, name), other);
    expect(await indexWorkspace(everything, made.ctx)).toMatchObject({ added: 2 });
  });

  it('keeps a whole index when two steps write at once', async () => {
    using made = await indexed();
    await Promise.all([1, 2, 3].map((at) => saveIndex(made.ctx.fs, { ...made.index, header: { ...made.index.header, at } })));
    expect([1, 2, 3]).toContain((await loadIndex(made.ctx.fs))?.header.at);
  });
});

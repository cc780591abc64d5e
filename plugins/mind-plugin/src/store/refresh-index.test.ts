import { chmodSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Corpus } from '../corpus.fixture.js';
import indexWorkspace from '../mind/index-workspace.js';
import ragQuery from '../mind/rag-query.js';
import { loadIndex } from './index-folder.js';
import { refreshIndex } from './refresh-index.js';
import { packIndex, type SearchIndex } from './search-index.js';

const selection = { exclude: [], maxFileBytes: 524_288 };
const everything = { ...selection, force: false };
const asked = { limit: 8, mode: 'auto', reindex: 'never' } as const;
const bare = (index: SearchIndex): string => packIndex({ ...index, header: { at: 0, selection } }).toString('latin1');

describe('an index that is brought up to date', () => {
  it('is, byte for byte, the one that is made anew', async () => {
    const name = fc.constantFrom('a.md', 'b.ts', 'c/d.ts', 'c/e.md', 'f');
    const text = fc.array(fc.constantFrom('alpha', 'beta', 'gammaDelta', '# Head', '', 'epsilon zeta'), { maxLength: 60 }).map((lines) => lines.join('\n'));
    const edit = fc.record({ name, text: fc.option(text) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(edit, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 4 }), async (rounds) => {
        const corpus = new Corpus();
        const ctx = corpus.ctx();
        // The files are listed without a repository: it is the same for this, and many times faster.
        const plain = { ...ctx, exec: async () => ({ exitCode: 128, stdout: '', stderr: 'fatal: not a git repository' }) };
        try {
          let index: SearchIndex | undefined;
          for (const [round, edits] of rounds.entries()) {
            for (const change of edits) {
              if (change.text === null) await ctx.fs.remove(change.name);
              else corpus.write(change.name, change.text, new Date(1_000_000 * (round + 1)));
            }
            index = (await refreshIndex(plain, { earlier: index, selection })).index;
            const anew = await refreshIndex(plain, { earlier: undefined, selection });
            expect(bare(index)).toBe(bare(anew.index));
          }
        } finally {
          corpus.dispose();
        }
      }),
      { numRuns: 25 },
    );
  });

  it('counts what came, went, changed and stayed', async () => {
    using files = disposable(new Corpus({ 'a.md': 'one', 'b.md': 'two', 'c.md': 'three' }).init());
    const { corpus, ctx } = files;
    expect(await indexWorkspace(everything, ctx)).toMatchObject({ files: 3, passages: 3, added: 3, changed: 0, removed: 0, unchanged: 0, read: { files: 3 }, embeddings: false });
    corpus.write('b.md', 'other', new Date('2026-03-03'));
    corpus.write('d.md', 'four');
    await ctx.fs.remove('c.md');
    expect(await indexWorkspace(everything, ctx)).toMatchObject({ files: 3, added: 1, changed: 1, removed: 1, unchanged: 1, read: { files: 2 } });
    expect(await indexWorkspace({ ...everything, force: true }, ctx)).toMatchObject({ added: 0, changed: 0, removed: 0, unchanged: 3, read: { files: 3 } });
  });

  it('trusts the content, not the time: a touched file stays, one changed within the step of the clock is found', async () => {
    using files = disposable(new Corpus({ 'a.md': 'first words' }).init());
    const { corpus, ctx } = files;
    const now = Date.now();
    await indexWorkspace(everything, ctx);
    corpus.write('a.md', 'first words', new Date(now - 60_000));
    expect(await indexWorkspace(everything, ctx)).toMatchObject({ changed: 0, unchanged: 1, read: { files: 1 } });
    // As long as before, at the same time: only that the time is so near tells that it says nothing.
    corpus.write('a.md', 'other words', new Date(now + 60_000));
    await indexWorkspace(everything, ctx);
    corpus.write('a.md', 'third words', new Date(now + 60_000));
    expect(await indexWorkspace(everything, ctx)).toMatchObject({ changed: 1 });
    expect((await ragQuery({ ...asked, text: 'third' }, ctx)).sources).toHaveLength(1);
  });

  it('writes nothing when nothing has changed', async () => {
    using files = disposable(new Corpus({ 'a.md': 'one' }).init());
    await indexWorkspace(everything, files.ctx);
    const before = await files.ctx.fs.list('.kb/mind/*');
    expect(await indexWorkspace(everything, files.ctx)).toMatchObject({ unchanged: 1, read: { files: 0 } });
    expect(await files.ctx.fs.list('.kb/mind/*')).toEqual(before);
  });
});

describe('what is indexed', () => {
  it('is what git does not ignore, less what is no text to read or is nobody’s business', async () => {
    const line = `const x = "${'y'.repeat(30_000)}";`;
    using files = disposable(
      new Corpus({
        '.gitignore': 'ignored/\n',
        'ignored/a.md': 'hidden',
        'kept/a.md': 'kept words',
        'big.txt': Buffer.alloc(10 * 1024 * 1024, 'a'),
        'minified.js': line,
        'nul.txt': new Uint8Array([65, 0, 66]),
        'latin1.txt': new Uint8Array([0x63, 0x61, 0x66, 0xe9]),
        'image.png': 'not really',
        'pnpm-lock.yaml': 'lockfileVersion: 9',
        '.env': 'TOKEN=very-secret',
        '.env.example': 'TOKEN=',
        'id.pem': 'secret',
        'empty.md': '\n',
        'node_modules/x/index.js': 'installed',
        '.kb/state/engine.txt': 'state',
        'dist/out.txt': 'excluded',
        'strange \n name.md': 'strange words',
        'ünïcode [x].md': 'unicode words',
      }).init(),
    );
    const { corpus, ctx } = files;
    symlinkSync('/etc/hostname', join(corpus.root, 'tracked-link.md'));
    symlinkSync('nowhere', join(corpus.root, 'broken-link.md'));
    corpus.git('add', 'tracked-link.md', 'kept');
    const answer = await indexWorkspace({ ...everything, exclude: ['dist'] }, ctx);
    expect((await loadIndex(ctx.fs))?.files.filter((file) => file.skipped === undefined).map(({ path }) => path)).toEqual(['.env.example', '.gitignore', 'kept/a.md', 'strange \n name.md', 'ünïcode [x].md']);
    expect(answer.skipped).toEqual({ binary: 2, empty: 1, excluded: 1, installed: 1, internal: 1, link: 1, 'lock-file': 1, minified: 1, 'not-text': 1, secrets: 2, 'too-large': 1, unreadable: 1 });
    // What was no text is known to be none, and not read again.
    expect(await indexWorkspace({ ...everything, exclude: ['dist'] }, ctx)).toMatchObject({ read: { files: 0 }, skipped: answer.skipped });
    const { answer: quoted, sources } = await ragQuery({ ...asked, text: 'strange words' }, ctx);
    expect(sources[0]?.file).toBe('strange \n name.md');
    expect(quoted).toContain('["strange \\n name.md":1]');
  });

  it('can be told by globs', async () => {
    using files = disposable(new Corpus({ 'docs/a.md': 'one', 'src/b.ts': 'two', 'src/c.js': 'three' }).init());
    expect(await indexWorkspace({ ...everything, paths: ['docs', 'src/*.ts'] }, files.ctx)).toMatchObject({ files: 2 });
    // A question keeps to what the index is of.
    const { index } = await ragQuery({ ...asked, reindex: 'auto', text: 'three' }, files.ctx);
    expect(index.files).toBe(2);
  });

  it('is every file where there is no repository, or no git', async () => {
    using files = disposable(new Corpus({ 'a.md': 'one', 'x/b.md': 'two', 'node_modules/c/c.md': 'three' }));
    expect(await indexWorkspace(everything, files.ctx)).toMatchObject({ files: 2, skipped: { installed: 1 } });
    const missing = Object.assign(new Error('git is not there'), { code: 'PROGRAM_NOT_FOUND' });
    expect(await indexWorkspace(everything, { ...files.ctx, exec: () => Promise.reject(missing) })).toMatchObject({ files: 2, unchanged: 2 });
  });

  it('fails rather than indexing what git would have ignored', async () => {
    using files = disposable(new Corpus({ 'a.md': 'one' }).init());
    files.corpus.write('.git/config', '[core');
    await expect(indexWorkspace(everything, files.ctx)).rejects.toMatchObject({ code: 'GIT_FAILED' });
  });

  it('starts no program that the repository names', async () => {
    using files = disposable(new Corpus({ 'a.md': 'one' }).init());
    const { corpus, ctx } = files;
    corpus.write('canary.sh', `#!/bin/sh\n: > '${join(corpus.root, 'started')}'\n`);
    chmodSync(join(corpus.root, 'canary.sh'), 0o755);
    corpus.git('config', 'core.fsmonitor', join(corpus.root, 'canary.sh'));
    await indexWorkspace(everything, ctx);
    expect(await ctx.fs.exists('started')).toBe(false);
    // The canary works.
    corpus.git('status');
    expect(await ctx.fs.exists('started')).toBe(true);
  });

  it('stops when the step is cancelled, and leaves the earlier index', async () => {
    using files = disposable(new Corpus({ 'a.md': 'one' }).init());
    await indexWorkspace(everything, files.ctx);
    files.corpus.write('b.md', 'two');
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    const { ctx } = files;
    await expect(indexWorkspace(everything, { ...ctx, signal: stop.signal })).rejects.toThrow('enough');
    expect((await loadIndex(ctx.fs))?.files).toHaveLength(1);
  });
});

function disposable(corpus: Corpus) {
  const ctx = corpus.ctx();
  return { corpus, ctx, [Symbol.dispose]: () => corpus.dispose() };
}

import { renameSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { NOTHING_FOUND } from '../answer/quote-sources.js';
import { Corpus } from '../corpus.fixture.js';
import { loadIndex, saveIndex } from '../store/index-folder.js';
import indexWorkspace from './index-workspace.js';
import ragQuery from './rag-query.js';

const everything = { exclude: [], maxFileBytes: 524_288, force: false };
const asked = { limit: 8, mode: 'auto', reindex: 'auto' } as const;

const FILES = {
  'docs/retry.md': '# Retries\n\nA step that failed is tried again after a pause.\nThe pause doubles each time.\n\n# Leases\n\nA worker holds a lease on its job.\n',
  'src/lease.ts': 'export function takeLease(job: string): string {\n  return `lease of ${job}`;\n}\n',
  'src/colour.ts': 'export const colour = "green";\n',
};

function repository(files: Readonly<Record<string, string>> = FILES) {
  const corpus = new Corpus(files).init();
  return { corpus, ctx: corpus.ctx(), [Symbol.dispose]: () => corpus.dispose() };
}

describe('a question without a model', () => {
  it('is answered in the words of the files, each with its place', async () => {
    using files = repository();
    const { answer, sources, answeredBy, model, index } = await ragQuery({ ...asked, text: 'How long is the pause before a retry?' }, files.ctx);
    expect(sources[0]).toMatchObject({ file: 'docs/retry.md', startLine: 1, endLine: 4, text: '# Retries\n\nA step that failed is tried again after a pause.\nThe pause doubles each time.' });
    expect(answer).toBe('docs/retry.md:\n> # Retries\n>\n> A step that failed is tried again after a pause.\n> The pause doubles each time.\n[docs/retry.md:1-4]');
    expect({ answeredBy, model, files: index.files, stale: index.stale }).toEqual({ answeredBy: 'passages', model: undefined, files: 3, stale: 0 });
    expect(new Date(index.at).toISOString()).toBe(index.at);
  });

  it('holds nothing that is not in the files', async () => {
    using files = repository();
    const { answer, sources } = await ragQuery({ ...asked, text: 'lease of a worker' }, files.ctx);
    const known = new Set(Object.values(FILES).flatMap((text) => text.split('\n')));
    const own = answer.split('\n').filter((line) => line !== '' && !line.startsWith('>'));
    expect(answer.split('\n').filter((line) => line.startsWith('>')).every((line) => known.has(line.slice(2)))).toBe(true);
    expect(own.every((line) => sources.some(({ file }) => line.startsWith(`${file}:`) || line.startsWith(`[${file}:`)))).toBe(true);
  });

  it('is answered by nothing when nothing fits, and says so when little does', async () => {
    using files = repository();
    expect(await ragQuery({ ...asked, text: 'xylophone quarterly zebra' }, files.ctx)).toMatchObject({ answer: NOTHING_FOUND, sources: [], answeredBy: 'passages' });
    expect((await ragQuery({ ...asked, text: '???' }, files.ctx)).sources).toEqual([]);
    expect((await ragQuery({ ...asked, text: 'xylophone quarterly zebra colour' }, files.ctx)).answer).toMatch(/^No passage holds much of the question/);
  });

  it('is kept to the paths it names, and to as many sources as are wanted', async () => {
    using files = repository();
    expect((await ragQuery({ ...asked, text: 'lease', paths: ['src'] }, files.ctx)).sources.map(({ file }) => file)).toEqual(['src/lease.ts']);
    expect((await ragQuery({ ...asked, text: 'lease', limit: 1 }, files.ctx)).sources).toHaveLength(1);
  });

  it('cannot be asked of a model', async () => {
    using files = repository();
    await expect(ragQuery({ ...asked, mode: 'llm', text: 'lease' }, files.ctx)).rejects.toMatchObject({ code: 'LLM_NOT_CONFIGURED' });
  });

  it('finds a word by its beginning when nothing else has it', async () => {
    using files = repository();
    expect((await ragQuery({ ...asked, text: 'colou' }, files.ctx)).sources[0]?.file).toBe('src/colour.ts');
  });

  it('tells a copy of the same text once', async () => {
    using files = repository({ 'a.md': 'the same text', 'b.md': 'the same text' });
    expect((await ragQuery({ ...asked, text: 'same text' }, files.ctx)).sources).toHaveLength(1);
  });
});

describe('files that change after they were indexed', () => {
  it('are indexed again first', async () => {
    using files = repository();
    await indexWorkspace(everything, files.ctx);
    files.corpus.write('new.md', 'An armadillo waits.', new Date('2026-04-04'));
    expect((await ragQuery({ ...asked, text: 'armadillo' }, files.ctx)).sources[0]?.text).toBe('An armadillo waits.');
    await files.ctx.fs.remove('new.md');
    expect((await ragQuery({ ...asked, text: 'armadillo' }, files.ctx)).sources).toEqual([]);
  });

  it('are otherwise read again: what is cited is there now', async () => {
    using files = repository();
    await indexWorkspace(everything, files.ctx);
    files.corpus.write('docs/retry.md', `# New\n\n${'filler\n'.repeat(50)}\n# Pause\n\nThe pause is constant now.\n`, new Date('2026-04-04'));
    const { sources, index } = await ragQuery({ ...asked, reindex: 'never', text: 'pause of a retry' }, files.ctx);
    expect(sources).toMatchObject([{ file: 'docs/retry.md', startLine: 54, endLine: 56, text: '# Pause\n\nThe pause is constant now.' }]);
    expect(index.stale).toBe(1);
  });

  it('are left out when they are gone or say nothing of it any more', async () => {
    using files = repository();
    await indexWorkspace(everything, files.ctx);
    renameSync(join(files.corpus.root, 'src/lease.ts'), join(files.corpus.root, 'src/elsewhere.ts'));
    files.corpus.write('docs/retry.md', 'nothing');
    expect(await ragQuery({ ...asked, reindex: 'never', text: 'lease' }, files.ctx)).toMatchObject({ sources: [], index: { stale: 2 }, answer: NOTHING_FOUND });
  });

  it('need an index at all', async () => {
    using files = repository();
    await expect(ragQuery({ ...asked, reindex: 'never', text: 'lease' }, files.ctx)).rejects.toMatchObject({ code: 'INDEX_MISSING', kbRetry: 'never' });
  });
});

describe('an index that somebody else made', () => {
  it('cannot have the files read that are passed over', async () => {
    using files = repository({ ...FILES, '.env': 'TOKEN of the lease\n' });
    await indexWorkspace(everything, files.ctx);
    const index = await loadIndex(files.ctx.fs);
    if (index === undefined) throw new Error('there is no index');
    await saveIndex(files.ctx.fs, { ...index, files: index.files.map((file) => (file.passages > 0 ? { ...file, path: '.env' } : file)) });
    expect((await ragQuery({ ...asked, reindex: 'never', text: 'lease' }, files.ctx)).sources).toEqual([]);
  });
});

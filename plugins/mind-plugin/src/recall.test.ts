import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Corpus, largeCorpus } from './corpus.fixture.js';
import indexWorkspace from './mind/index-workspace.js';
import ragQuery from './mind/rag-query.js';

interface Question {
  readonly question: string;
  /** Any of them answers it. */
  readonly files: readonly string[];
  /** So does any file of this folder. */
  readonly below?: string;
}

const questions = JSON.parse(readFileSync(new URL('../../../tooling/fixtures/mind/questions.json', import.meta.url), 'utf8')) as readonly Question[];
const OTHERS = 5_000;
const LIMIT = 8;
const everything = { exclude: [], maxFileBytes: 524_288, force: false };

/** Share of the questions of which a file that answers is among the first eight. */
async function recall(answer: (question: string) => Promise<readonly string[]>): Promise<{ readonly share: number; readonly missed: readonly string[] }> {
  const missed: string[] = [];
  for (const { question, files, below } of questions) {
    const found = await answer(question);
    if (!found.some((file) => files.includes(file) || (below !== undefined && file.startsWith(below)))) missed.push(question);
  }
  return { share: 1 - missed.length / questions.length, missed };
}

describe('questions about this repository, among thousands of files of others', () => {
  let corpus: Corpus;
  let indexed: Awaited<ReturnType<typeof indexWorkspace>>;

  // Finds and copies thousands of files.
  beforeAll(async () => {
    corpus = largeCorpus(OTHERS);
    indexed = await indexWorkspace(everything, corpus.ctx());
  }, 180_000);
  afterAll(() => {
    corpus.dispose();
  });

  it('are answered by a file that answers them', async () => {
    expect(questions.length).toBeGreaterThanOrEqual(30);
    expect(indexed.files).toBeGreaterThanOrEqual(5_000);
    const ctx = corpus.ctx();
    const { share, missed } = await recall(async (question) => (await ragQuery({ text: question, limit: LIMIT, mode: 'auto', reindex: 'never' }, ctx)).sources.map(({ file }) => file));
    console.log(`recall@${String(LIMIT)} ${share.toFixed(3)} of ${String(questions.length)} questions, ${String(indexed.files)} files, ${String(indexed.passages)} passages, indexed in ${String(indexed.durationMs)} ms; missed: ${missed.join(' ') || 'none'}`);
    expect(share).toBeGreaterThanOrEqual(0.9);
  });

  it('are not answered by files of the others’ questions', async () => {
    const ctx = corpus.ctx();
    const turned = new Map(questions.map(({ question }, at) => [question, questions[(at + 17) % questions.length]?.question ?? '']));
    const { share } = await recall(async (question) => (await ragQuery({ text: turned.get(question) ?? '', limit: LIMIT, mode: 'auto', reindex: 'never' }, ctx)).sources.map(({ file }) => file));
    console.log(`recall@${String(LIMIT)} with the questions exchanged ${share.toFixed(3)}`);
    expect(share).toBeLessThan(0.4);
  });

  it('cite lines that are there', async () => {
    const ctx = corpus.ctx();
    for (const { question } of questions.slice(0, 10)) {
      const { sources } = await ragQuery({ text: question, limit: LIMIT, mode: 'auto', reindex: 'never' }, ctx);
      expect(sources).toHaveLength(LIMIT);
      for (const { file, startLine, endLine, text } of sources) {
        const lines = (await ctx.fs.readText(file)).split('\n').slice(startLine - 1, endLine);
        expect(lines.map((line) => line.replace(/\r$/, '')).join('\n')).toBe(text);
      }
    }
  });

  it('only changed files are read when the index is brought up to date', async () => {
    const ctx = corpus.ctx();
    const changed = ['README.md', 'docs/tour.md', 'packages/errors/src/nearest.ts'];
    for (const path of changed) corpus.write(path, `${await ctx.fs.readText(path)}\nzanzibar ${path}\n`, new Date('2026-02-02T02:02:02Z'));
    const read: string[] = [];
    const counted = { ...ctx, fs: { ...ctx.fs, readBytes: async (path: string) => (read.push(path), ctx.fs.readBytes(path)) } };
    const again = await indexWorkspace(everything, counted);
    expect(read.filter((path) => !path.startsWith('.kb/')).toSorted()).toEqual(changed.toSorted());
    expect(again).toMatchObject({ files: indexed.files, added: 0, changed: 3, removed: 0, unchanged: indexed.files - 3, read: { files: 3 } });
    expect(again.read.bytes * 100).toBeLessThan(indexed.read.bytes);
    const { sources } = await ragQuery({ text: 'zanzibar', limit: LIMIT, mode: 'auto', reindex: 'never' }, ctx);
    expect(sources.map(({ file }) => file).toSorted()).toEqual(changed.toSorted());
  });
});

import type { PluginContext } from '@kb-labs/sdk';

import { passedOver } from '../files/passed-over.js';
import { toText } from '../files/to-text.js';
import { linesOf, splitPassages } from '../passages/split-passages.js';
import { hashOf } from '../store/refresh-index.js';
import type { SearchIndex } from '../store/search-index.js';
import { rememberingTerms } from '../terms/terms-of.js';
import type { Ranked } from './rank-by-words.js';
import type { WeighedTerm } from './weigh-question.js';

/** Lines of a file as they are now. */
export interface Source {
  readonly file: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly score: number;
  readonly text: string;
}

export interface Sources {
  readonly sources: readonly Source[];
  /** Files that have changed since they were indexed. */
  readonly stale: number;
}

/** Of one file, before every other file had its turn. */
const OF_ONE_FILE = 1;
/** So many files are looked into, at most, for one source. */
const TRIES = 8;
const SOURCE_CHARS = 20_000;

/**
 * The text of the best passages, read from the files now. Of a file that has changed, the passage that fits the question best takes the place of the
 * one that was; one that is gone, or holds none of the words any more, is left out.
 */
export async function readSources(ctx: PluginContext, index: SearchIndex, { ranked, question, limit }: { readonly ranked: readonly Ranked[]; readonly question: readonly WeighedTerm[]; readonly limit: number }): Promise<Sources> {
  const contents = new Map<number, Content>();
  const sources: Source[] = [];
  for (const { passage, score } of inTurns(index, ranked)) {
    if (sources.length >= limit || contents.size >= limit * TRIES) break;
    const place = index.passages.file[passage] ?? 0;
    let content = contents.get(place);
    if (content === undefined) {
      content = await contentOf(ctx, index, place);
      contents.set(place, content);
    } else if (content.is === 'changed') {
      continue;
    }
    const found = content.is === 'gone' ? undefined : content.is === 'changed' ? bestPassage(content, question) : passageOf(index, passage, content.lines);
    // The same text again, from a copy of the file, tells nothing new.
    if (found !== undefined && !sources.some(({ text }) => text === found.text.slice(0, SOURCE_CHARS))) sources.push({ file: index.files[place]?.path ?? '', ...found, score: Number(score.toPrecision(6)), text: found.text.slice(0, SOURCE_CHARS) });
  }
  return { sources, stale: [...contents.values()].filter(({ is }) => is !== 'same').length };
}

/** The order of the ranking, but what is more of a file that has been there already comes after the others. */
function inTurns({ passages }: SearchIndex, ranked: readonly Ranked[]): readonly Ranked[] {
  const times = new Map<number, number>();
  const later: Ranked[] = [];
  const first = ranked.filter((entry) => {
    const file = passages.file[entry.passage] ?? 0;
    times.set(file, (times.get(file) ?? 0) + 1);
    const isInTurn = (times.get(file) ?? 0) <= OF_ONE_FILE;
    if (!isInTurn) later.push(entry);
    return isInTurn;
  });
  return [...first, ...later];
}

type Content = { readonly is: 'same'; readonly lines: readonly string[] } | { readonly is: 'changed'; readonly path: string; readonly text: string } | { readonly is: 'gone' };

/** The names are judged again: the index is a file like any other, and somebody may have put another path into it. */
async function contentOf(ctx: PluginContext, { files }: SearchIndex, place: number): Promise<Content> {
  const file = files[place];
  if (file === undefined || passedOver(file.path) !== undefined) return { is: 'gone' };
  const bytes = await ctx.fs.readBytes(file.path).catch(() => undefined);
  ctx.signal.throwIfAborted();
  const text = bytes === undefined ? undefined : toText(bytes);
  if (bytes === undefined || text?.ok !== true) return { is: 'gone' };
  return hashOf(bytes) === file.hash ? { is: 'same', lines: linesOf(text.text) } : { is: 'changed', path: file.path, text: text.text };
}

type Found = Pick<Source, 'startLine' | 'endLine' | 'text'>;

function passageOf({ passages }: SearchIndex, passage: number, lines: readonly string[]): Found | undefined {
  const startLine = passages.startLine[passage] ?? 0;
  const endLine = Math.min(passages.endLine[passage] ?? 0, lines.length);
  if (startLine < 1 || endLine < startLine) return undefined;
  return { startLine, endLine, text: lines.slice(startLine - 1, endLine).join('\n') };
}

function bestPassage({ path, text }: { readonly path: string; readonly text: string }, question: readonly WeighedTerm[]): Found | undefined {
  const termsOf = rememberingTerms();
  let best: { readonly found: Found; readonly weight: number } | undefined;
  for (const passage of splitPassages(path, text)) {
    const terms = new Set(termsOf(`${passage.title}\n${passage.text}`));
    const weight = question.reduce((sum, wanted) => sum + (terms.has(wanted.term) ? wanted.weight : 0), 0);
    if (weight > (best?.weight ?? 0)) best = { found: { startLine: passage.startLine, endLine: passage.endLine, text: passage.text }, weight };
  }
  return best?.found;
}

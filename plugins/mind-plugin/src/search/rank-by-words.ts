import { eachPosting, type SearchIndex } from '../store/search-index.js';
import type { WeighedTerm } from './weigh-question.js';

export interface Ranked {
  readonly passage: number;
  readonly score: number;
}

/** BM25's own: how soon more of the same word counts no more, and how much a long passage is held against it. */
const SATURATION = 1.2;
const LENGTH_SHARE = 0.6;

/** How much of a score depends on how many of the question's words are there at all. */
const COVERAGE_SHARE = 0.5;

/** Tests and logs of changes say the words of everything, and explain little. */
const ASIDE = /(?:\.(?:test|spec)\.[cm]?[jt]sx?$|(?:^|\/)(?:__tests__|fixtures?|testdata)\/|(?:^|\/)CHANGELOG(?:\.md)?$|\.fixture\.)/i;
const ASIDE_SHARE = 0.6;

/** Who asks in sentences is answered best in sentences. */
const PROSE = /\.(?:md|mdx|markdown|mdown|rst|adoc|txt)$/i;
const PROSE_SHARE = 1.2;

export interface RankOptions {
  readonly isWanted: (path: string) => boolean;
  readonly most: number;
}

/** Passages that hold words of the question, the best first: BM25, and then how much of the question is there. */
export function rankByWords(index: SearchIndex, question: readonly WeighedTerm[], { isWanted, most }: RankOptions): readonly Ranked[] {
  const { passages, terms, files } = index;
  const count = passages.file.length;
  const average = passages.terms.reduce((sum, length) => sum + length, 0) / Math.max(1, count);
  const scores = new Float32Array(count);
  const covered = new Float32Array(count);
  const seenBy = new Int32Array(count).fill(-1);
  for (const [at, { places, weight }] of question.entries()) {
    for (const { place, share } of places) {
      eachPosting(terms, place, (passage, times) => {
        const length = 1 - LENGTH_SHARE + (LENGTH_SHARE * (passages.terms[passage] ?? 0)) / average;
        scores[passage] = (scores[passage] ?? 0) + (share * weight * times * (SATURATION + 1)) / (times + SATURATION * length);
        if (seenBy[passage] !== at) covered[passage] = (covered[passage] ?? 0) + share * weight;
        seenBy[passage] = at;
      });
    }
  }
  const whole = question.reduce((sum, { weight }) => sum + weight, 0);
  const shareOfFile = files.map(({ path }) => (isWanted(path) ? shareOf(path) : 0));
  const ranked: Ranked[] = [];
  for (let passage = 0; passage < count; passage += 1) {
    const base = scores[passage] ?? 0;
    const share = shareOfFile[passages.file[passage] ?? 0] ?? 0;
    if (base === 0 || share === 0) continue;
    ranked.push({ passage, score: base * share * (1 - COVERAGE_SHARE + (COVERAGE_SHARE * (covered[passage] ?? 0)) / whole) });
  }
  return ranked.sort((one, other) => other.score - one.score || one.passage - other.passage).slice(0, most);
}

function shareOf(path: string): number {
  return (ASIDE.test(path) ? ASIDE_SHARE : 1) * (PROSE.test(path) ? PROSE_SHARE : 1);
}

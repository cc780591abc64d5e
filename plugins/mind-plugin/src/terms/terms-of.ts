import { stem } from './stem.js';

/** Words so frequent that they tell nothing. */
const EMPTY = new Set(
  'a an and are as at be been but by can could did do does for from had has have he how i if in into is it its me my no not of on or our she should so than that the their them then there these they this those to us was we were what when where which who whom whose why will with would you your'.split(' '),
);

/** What is longer is a digest, a key or data. */
const WORD_LENGTH = 64;
const REMEMBERED = 100_000;

const WORD = /[\p{L}\p{M}\p{N}_$]+/gu;
const BETWEEN_PARTS = /[_$]+|(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u;
const WITHOUT_SPACES = /^[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}]+$/u;

export type Terms = (text: string) => string[];

/**
 * The terms of a text in their order: words in lower case, without endings; identifiers as a whole and in their parts, so that
 * `orderJobs` and `order_jobs` are found by "order of jobs" and the other way round. Scripts that put no space between words
 * become pairs of characters. What a word becomes is remembered, for the same few make up most of a repository.
 */
export function rememberingTerms(): Terms {
  const known = new Map<string, readonly string[]>();
  return (text) => {
    const terms: string[] = [];
    for (const [word] of text.matchAll(WORD)) {
      let ofWord = known.get(word);
      if (ofWord === undefined) {
        ofWord = termsOfWord(word);
        if (known.size >= REMEMBERED) known.clear();
        known.set(word, ofWord);
      }
      for (const term of ofWord) terms.push(term);
    }
    return terms;
  };
}

function termsOfWord(word: string): readonly string[] {
  if (WITHOUT_SPACES.test(word)) return pairsOf(word);
  if (word.length > WORD_LENGTH) return [];
  const parts = word.split(BETWEEN_PARTS).map(plain).filter((part) => part.length > 1 || /\p{N}/u.test(part));
  const terms = parts.filter((part) => !EMPTY.has(part)).map(stem);
  // Stemmed as well: `orderJobs` is then also found as `orderjob`, which is what becomes of `orderJobs` in a question.
  if (parts.length > 1) terms.push(stem(plain(word.replaceAll(/[_$]+/g, ''))));
  return [...new Set(terms)];
}

/** In lower case and without accents. */
function plain(word: string): string {
  const lower = word.toLowerCase();
  return /^[a-z0-9]*$/.test(lower) ? lower : lower.normalize('NFKD').replaceAll(/\p{M}/gu, '');
}

function pairsOf(word: string): readonly string[] {
  const chars = [...word];
  if (chars.length === 1) return chars;
  return chars.slice(1).map((char, at) => `${chars[at] ?? ''}${char}`);
}

import type { Source } from '../search/read-sources.js';
import type { WeighedTerm } from '../search/weigh-question.js';
import { rememberingTerms } from '../terms/terms-of.js';
import { cite, shownName } from './cite.js';

export const NOTHING_FOUND = 'Nothing was found in the files of the workspace.';

const QUOTED_SOURCES = 3;
/** Of what the best passage itself holds of the question. Some are found for the name of their file alone. */
const QUOTED_SHARE = 0.5;
const QUOTED_LINES = 8;
const LINE_CHARS = 400;

/** Of all that the question's words weigh, what the best source has to hold for it to count as found. */
const SURE_SHARE = 0.35;

/** An answer of nothing but lines of the sources, each with the place it is from. */
export function quoteSources(sources: readonly Source[], question: readonly WeighedTerm[]): string {
  if (sources.length === 0) return NOTHING_FOUND;
  const weights = new Map(question.map(({ term, weight }) => [term, weight]));
  const termsOf = rememberingTerms();
  const weigh = (text: string): number => [...new Set(termsOf(text))].reduce((sum, term) => sum + (weights.get(term) ?? 0), 0);
  const whole = unknownAlso(question);
  const isSure = sources.slice(0, QUOTED_SOURCES).some(({ file, text }) => weigh(`${file}\n${text}`) >= SURE_SHARE * whole);
  const intro = isSure ? [] : ['No passage holds much of the question. What comes closest:'];
  const held = sources.map(({ text }) => weigh(text));
  const best = Math.max(...held);
  const quoted = sources.filter((_, at) => (held[at] ?? 0) >= QUOTED_SHARE * best).slice(0, QUOTED_SOURCES);
  return [...intro, ...quoted.map((source) => quote(source, weigh))].join('\n\n');
}

/** A word that stands nowhere weighs as much as the rarest that does: it is missing from every answer. */
function unknownAlso(question: readonly WeighedTerm[]): number {
  const rarest = Math.max(0, ...question.map(({ weight }) => weight));
  return question.reduce((sum, { weight }) => sum + (weight === 0 ? rarest : weight), 0);
}

/** The few lines next to each other that hold the most of the question. */
function quote(source: Source, weigh: (text: string) => number): string {
  const lines = source.text.split('\n');
  let best = { from: 0, weight: -1 };
  for (let from = 0; from === 0 || from + QUOTED_LINES <= lines.length; from += 1) {
    const weight = weigh(lines.slice(from, from + QUOTED_LINES).join('\n'));
    if (weight > best.weight) best = { from, weight };
  }
  const to = Math.min(lines.length, best.from + QUOTED_LINES);
  const place = cite({ file: source.file, startLine: source.startLine + best.from, endLine: source.startLine + to - 1 });
  const quoted = lines.slice(best.from, to).map((line) => `> ${line.length > LINE_CHARS ? `${line.slice(0, LINE_CHARS)} …` : line}`.trimEnd());
  return [`${shownName(source.file)}:`, ...quoted, place].join('\n');
}

import { placeOf, type SearchIndex, termAt } from '../store/search-index.js';
import { rememberingTerms } from '../terms/terms-of.js';

/** A term of the question, where it stands in the index, and how rare it is: the rarer, the more it tells. */
export interface WeighedTerm {
  readonly term: string;
  readonly places: readonly { readonly place: number; readonly share: number }[];
  readonly weight: number;
}

/** A word that stands nowhere is looked for as the beginning of others: so many of them, and they count for less. */
const CONTINUATIONS = 8;
const CONTINUED_SHARE = 0.4;
const LEAST_PREFIX = 4;

export function weighQuestion({ terms, passages }: SearchIndex, question: string): readonly WeighedTerm[] {
  const wanted = [...new Set(rememberingTerms()(question))];
  return wanted.flatMap((term) => {
    const exact = placeOf(terms, term);
    const isThere = exact < terms.nameEnds.length && termAt(terms, exact) === term;
    const places = isThere ? [{ place: exact, share: 1 }] : term.length < LEAST_PREFIX ? [] : continuations(terms, term, exact);
    const found = places.reduce((sum, { place }) => sum + (terms.found[place] ?? 0), 0);
    return [{ term, places, weight: found === 0 ? 0 : rarity(passages.file.length, found) }];
  });
}

function continuations(terms: SearchIndex['terms'], prefix: string, from: number): WeighedTerm['places'] {
  const places: { place: number; share: number }[] = [];
  for (let place = from; place < terms.nameEnds.length && places.length < CONTINUATIONS; place += 1) {
    if (!termAt(terms, place).startsWith(prefix)) break;
    places.push({ place, share: CONTINUED_SHARE });
  }
  return places;
}

/** As in BM25 (Robertson and Zaragoza 2009), with the 1 that keeps it above zero. */
function rarity(passages: number, found: number): number {
  return Math.log(1 + (passages - found + 0.5) / (found + 0.5));
}

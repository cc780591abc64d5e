/** Endings and what stands in their place, the first that fits. `least` is how long the rest has to be for it to be a word. */
const ENDINGS: readonly { readonly ending: string; readonly by: string; readonly least: number }[] = [
  { ending: 'ations', by: '', least: 4 },
  { ending: 'ation', by: '', least: 4 },
  { ending: 'ators', by: '', least: 4 },
  { ending: 'ator', by: '', least: 4 },
  { ending: 'ating', by: '', least: 4 },
  { ending: 'ated', by: '', least: 4 },
  { ending: 'ates', by: '', least: 4 },
  { ending: 'ate', by: '', least: 4 },
  { ending: 'ions', by: '', least: 3 },
  { ending: 'ion', by: '', least: 3 },
  { ending: 'ies', by: 'y', least: 2 },
  { ending: 'ied', by: 'y', least: 2 },
  { ending: 'ing', by: '', least: 3 },
  { ending: 'ed', by: '', least: 3 },
  { ending: 'ers', by: 'er', least: 2 },
  { ending: 'es', by: '', least: 3 },
  { ending: 'ss', by: 'ss', least: 1 },
  { ending: 'us', by: 'us', least: 1 },
  { ending: 'is', by: 'is', least: 1 },
  { ending: 's', by: '', least: 2 },
];

/**
 * What the forms of an English word have in common: `retries`, `retried` and `retry`, `validates` and `validation`. It need not
 * be a word. Rough on purpose: words that fall together wrongly cost a place in the ranking, words that do not, the answer.
 */
export function stem(word: string): string {
  if (word.length < 4 || !/^[a-z]+$/.test(word)) return word;
  const found = ENDINGS.find(({ ending, least }) => word.length - ending.length >= least && word.endsWith(ending));
  const cut = found === undefined ? word : word.slice(0, word.length - found.ending.length) + found.by;
  // `cancelled` and `cancel`, `stopping` and `stop`; `write` and `writing`.
  const single = cut !== word && /([bdfgklmnprt])\1$/.test(cut) ? cut.slice(0, -1) : cut;
  return single.length > 3 && single.endsWith('e') ? single.slice(0, -1) : single;
}

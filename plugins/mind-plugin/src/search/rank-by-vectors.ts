import type { SearchIndex } from '../store/search-index.js';
import { nearness, type VectorTable } from '../vectors/vector-table.js';
import type { Ranked, RankOptions } from './rank-by-words.js';

/** Passages whose vectors point where the one of the question does, the nearest first. */
export function rankByVectors({ passages, files }: SearchIndex, table: VectorTable, { vector, isWanted, most }: RankOptions & { readonly vector: readonly number[] }): readonly Ranked[] {
  const near = nearness(table, vector);
  const wanted = files.map(({ path }) => isWanted(path));
  const ranked: Ranked[] = [];
  for (const [passage, score] of near.entries()) if (score > 0 && wanted[passages.file[passage] ?? 0] === true) ranked.push({ passage, score });
  return ranked.sort((one, other) => other.score - one.score || one.passage - other.passage).slice(0, most);
}

/** Weight of a place against the next ones: reciprocal rank fusion (Cormack, Clarke and Büttcher 2009) with its usual 60. */
const RANK_CONSTANT = 60;

/** One order out of several whose scores cannot be compared: only the places count. */
export function fuseRanks(rankings: readonly (readonly Ranked[])[]): readonly Ranked[] {
  const scores = new Map<number, number>();
  for (const ranking of rankings) {
    for (const [place, { passage }] of ranking.entries()) scores.set(passage, (scores.get(passage) ?? 0) + 1 / (RANK_CONSTANT + place + 1));
  }
  return [...scores].map(([passage, score]) => ({ passage, score })).sort((one, other) => other.score - one.score || one.passage - other.passage);
}

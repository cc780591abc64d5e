import { joinNeeds } from './join-needs.js';
import type { Layout } from './layout.js';
import { placeByDagre } from './place-by-dagre.js';
import { placeByRank } from './place-by-rank.js';
import { reduceNeeds, type Shape } from './reduce-needs.js';

/** dagre draws the better picture and takes, at ten times the size, a hundred times as long: 4 to 12 s for 500 nodes. */
const DAGRE_NODES = 60;
const DAGRE_ARROWS = 120;

/** From left to right, each node right of all it needs. */
export function layoutGraph(shape: Shape): Layout {
  const needs = reduceNeeds(shape);
  const { joints, arrows } = joinNeeds(needs);
  const toPlace = { ids: [...needs.keys()], joints, arrows };
  return toPlace.ids.length <= DAGRE_NODES && arrows.length <= DAGRE_ARROWS ? placeByDagre(toPlace) : placeByRank(toPlace);
}

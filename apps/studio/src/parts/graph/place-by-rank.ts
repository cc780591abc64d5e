import { NODE_HEIGHT, NODE_WIDTH } from './graph-node.js';
import { leftOf, rightOf, type Layout, type Point, type ToPlace } from './layout.js';

const MARGIN = 8;
const NODE_GAP = 16;
const COLUMN_GAP = 24;
const RANK_GAP = 96;

/**
 * Placed in one pass, for graphs of hundreds: a rank for each length of the longest way to a node, within it by the middle of what
 * the nodes need, and a rank that is too high for a page in several columns.
 */
export function placeByRank({ ids, joints, arrows }: ToPlace): Layout {
  const needsOf = Map.groupBy(arrows, ({ to }) => to);
  const isJoint = new Set(joints);
  const before = (id: string): string[] => (needsOf.get(id) ?? []).flatMap(({ from }) => (isJoint.has(from) ? before(from) : [from]));
  const needs = new Map(ids.map((id) => [id, needsOf.get(id) === undefined ? [] : before(id)]));

  const rankOf = new Map<string, number>();
  for (const id of ids) rankOf.set(id, 1 + Math.max(-1, ...(needs.get(id) ?? []).map((need) => rankOf.get(need) ?? 0)));
  const ranks: string[][] = [];
  for (const id of ids) (ranks[rankOf.get(id) ?? 0] ??= []).push(id);

  const rows = Math.max(MIN_ROWS, Math.ceil(Math.sqrt(ids.length)));
  const highest = Math.min(rows, Math.max(...ranks.map(({ length }) => length), 0));
  const height = 2 * MARGIN + highest * (NODE_HEIGHT + NODE_GAP) - NODE_GAP;
  const nodes = new Map<string, Point>();
  let x = MARGIN;
  for (const rank of ranks) {
    const middles = new Map(rank.map((id) => [id, middleOf(needs.get(id) ?? [], nodes)]));
    const sorted = rank.toSorted((one, other) => (middles.get(one) ?? 0) - (middles.get(other) ?? 0));
    const columns = Math.ceil(sorted.length / rows);
    const inColumn = Math.ceil(sorted.length / columns);
    for (const [place, id] of sorted.entries()) {
      const column = Math.floor(place / inColumn);
      const members = Math.min(inColumn, sorted.length - column * inColumn);
      const top = (height - members * (NODE_HEIGHT + NODE_GAP) + NODE_GAP) / 2;
      nodes.set(id, { x: x + column * (NODE_WIDTH + COLUMN_GAP), y: top + (place % inColumn) * (NODE_HEIGHT + NODE_GAP) });
    }
    x += columns * (NODE_WIDTH + COLUMN_GAP) - COLUMN_GAP + RANK_GAP;
  }

  const jointAt = new Map(joints.map((joint) => [joint, placeJoint(joint, arrows, nodes)]));
  const place = (id: string, ofNode: (at: Point) => Point): Point => jointAt.get(id) ?? ofNode(nodes.get(id) ?? { x: 0, y: 0 });
  return {
    nodes,
    arrows: arrows.map(({ from, to }) => ({ from, to, points: [place(from, rightOf), place(to, leftOf)] })),
    width: x - RANK_GAP + MARGIN,
    height,
  };
}

const MIN_ROWS = 12;

function middleOf(needs: readonly string[], nodes: ReadonlyMap<string, Point>): number {
  return needs.length === 0 ? 0 : needs.reduce((sum, need) => sum + (nodes.get(need)?.y ?? 0), 0) / needs.length;
}

/** Between what it joins: just left of the first that comes after it. */
function placeJoint(joint: string, arrows: ToPlace['arrows'], nodes: ReadonlyMap<string, Point>): Point {
  const around = arrows.flatMap(({ from, to }) => (from === joint ? (nodes.get(to) ?? []) : to === joint ? (nodes.get(from) ?? []) : []));
  const after = arrows.flatMap(({ from, to }) => (from === joint ? (nodes.get(to) ?? []) : []));
  return { x: Math.min(...after.map(({ x }) => x)) - RANK_GAP / 2, y: around.reduce((sum, { y }) => sum + y, 0) / around.length + NODE_HEIGHT / 2 };
}

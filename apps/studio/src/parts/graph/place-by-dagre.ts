import { graphlib, layout } from '@dagrejs/dagre';

import { NODE_HEIGHT, NODE_WIDTH } from './graph-node.js';
import { leftOf, rightOf, type Layout, type Point, type ToPlace } from './layout.js';

/** Placed by dagre, which leads long arrows around nodes. */
export function placeByDagre({ ids, joints, arrows }: ToPlace): Layout {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 20, edgesep: 16, ranksep: 32, marginx: 8, marginy: 8 });
  for (const id of ids) graph.setNode(id, { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const joint of joints) graph.setNode(joint, { width: 0, height: 0 });
  for (const { from, to } of arrows) graph.setEdge(from, to, {});
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { readonly width?: number; readonly height?: number };
  const nodes = new Map<string, Point>(
    ids.map((id) => {
      const { x, y } = graph.node(id) as Point;
      return [id, { x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 }];
    }),
  );
  const place = (id: string, ofNode: (at: Point) => Point): Point => {
    const node = nodes.get(id);
    return node === undefined ? (graph.node(id) as Point) : ofNode(node);
  };
  return {
    nodes,
    width,
    height,
    arrows: arrows.map(({ from, to }) => {
      const { points } = graph.edge(from, to) as unknown as { readonly points: readonly Point[] };
      // dagre's first and last points are where the line meets the box on its way to the middle; ours leave in the middle of the side.
      return { from, to, points: [place(from, rightOf), ...(points.length > 3 ? points.slice(1, -1) : []), place(to, leftOf)] };
    }),
  };
}

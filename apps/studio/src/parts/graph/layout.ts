import { NODE_HEIGHT, NODE_WIDTH } from './graph-node.js';
import type { Arrow } from './join-needs.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where everything is, from the left upper corner: a node is at its own left upper corner, a joint at its middle. */
export interface Layout {
  readonly nodes: ReadonlyMap<string, Point>;
  readonly arrows: readonly (Arrow & { readonly points: readonly Point[] })[];
  readonly width: number;
  readonly height: number;
}

/** What a way of placing gets: nodes in an order that has each after its needs. */
export interface ToPlace {
  readonly ids: readonly string[];
  readonly joints: readonly string[];
  readonly arrows: readonly Arrow[];
}

/** An arrow as the `d` of a path: straight out of one node, straight into the next, a curve between each two points. */
export function pathOf(points: readonly Point[]): string {
  return points
    .map(({ x, y }, index) => {
      const before = points[index - 1];
      if (before === undefined) return `M${at(x)},${at(y)}`;
      const middle = (before.x + x) / 2;
      return `C${at(middle)},${at(before.y)} ${at(middle)},${at(y)} ${at(x)},${at(y)}`;
    })
    .join('');
}

function at(length: number): string {
  return String(Math.round(length * 10) / 10);
}

/** Where an arrow leaves a node, and where it comes in. */
export function rightOf({ x, y }: Point): Point {
  return { x: x + NODE_WIDTH, y: y + NODE_HEIGHT / 2 };
}

export function leftOf({ x, y }: Point): Point {
  return { x, y: y + NODE_HEIGHT / 2 };
}

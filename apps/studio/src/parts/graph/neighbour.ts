import type { Layout, Point } from './layout.js';

const STEPS: Readonly<Record<string, Point>> = { ArrowRight: { x: 1, y: 0 }, ArrowLeft: { x: -1, y: 0 }, ArrowDown: { x: 0, y: 1 }, ArrowUp: { x: 0, y: -1 } };

/** How much a node aside is further away than one straight ahead. */
const ASIDE = 2;

/** The node that an arrow key leads to from another: the nearest in that direction. `Home` and `End` lead to the first and the last. */
export function neighbourOf(id: string, key: string, { nodes }: Layout): string | undefined {
  if (key === 'Home') return nodes.keys().next().value;
  if (key === 'End') return [...nodes.keys()].at(-1);
  const step = STEPS[key];
  const from = nodes.get(id);
  if (step === undefined || from === undefined) return undefined;
  let best: { readonly id: string; readonly distance: number } | undefined;
  for (const [other, { x, y }] of nodes) {
    const [dx, dy] = [x - from.x, y - from.y];
    const ahead = dx * step.x + dy * step.y;
    const aside = Math.abs(dx * step.y) + Math.abs(dy * step.x);
    // Up and down stay within a column.
    if (ahead <= 0 || (step.x === 0 && aside > 0)) continue;
    const distance = ahead + ASIDE * aside;
    if (best === undefined || distance < best.distance) best = { id: other, distance };
  }
  return best?.id;
}

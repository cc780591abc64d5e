import { describe, expect, it } from 'vitest';

import { firstView } from './first-view.js';
import { NODE_HEIGHT, NODE_WIDTH } from './graph-node.js';
import { joinNeeds } from './join-needs.js';
import { type Layout, pathOf } from './layout.js';
import { layoutGraph } from './layout-graph.js';
import { neighbourOf } from './neighbour.js';
import { reduceNeeds, type Shape } from './reduce-needs.js';

const chain = (length: number): Shape => Array.from({ length }, (_, n) => ({ id: `n${String(n)}`, needs: n === 0 ? [] : [`n${String(n - 1)}`] }));
/** Each of a layer needs all of the one before. */
const layers = (count: number, width: number): Shape =>
  Array.from({ length: count * width }, (_, n) => ({ id: `n${String(n)}`, needs: n < width ? [] : Array.from({ length: width }, (_each, k) => `n${String(Math.floor(n / width - 1) * width + k)}`) }));

function overlaps({ nodes }: Layout): number {
  const all = [...nodes.values()];
  return all.reduce((sum, one, index) => sum + all.slice(index + 1).filter((other) => Math.abs(one.x - other.x) < NODE_WIDTH && Math.abs(one.y - other.y) < NODE_HEIGHT).length, 0);
}

describe('the arrows of a graph', () => {
  it('leave out what others say already', () => {
    const reduced = reduceNeeds([{ id: 'c', needs: ['a', 'b'] }, { id: 'b', needs: ['a', 'a'] }, { id: 'a', needs: [] }]);
    expect([...reduced]).toEqual([['a', []], ['b', ['a']], ['c', ['b']]]);
  });

  it('leave out needs that are not there and circles', () => {
    const reduced = reduceNeeds([{ id: 'a', needs: ['nobody', 'b'] }, { id: 'b', needs: ['a', 'b'] }]);
    expect([...reduced]).toEqual([['b', []], ['a', ['b']]]);
  });

  it('do not end at the 32nd node', () => {
    const shape = [...chain(70), { id: 'last', needs: ['n0', 'n31', 'n32', 'n63', 'n64', 'n69'] }];
    expect(reduceNeeds(shape).get('last')).toEqual(['n69']);
  });

  it('meet in a point when many need the same many', () => {
    const { joints, arrows } = joinNeeds(reduceNeeds(layers(2, 50)));
    expect(joints).toHaveLength(1);
    expect(arrows).toHaveLength(100);
  });

  it('stay as they are when there are few', () => {
    expect(joinNeeds(reduceNeeds(layers(2, 2)))).toMatchObject({ joints: [], arrows: { length: 4 } });
  });
});

describe('a layout', () => {
  const shapes: readonly (readonly [string, Shape])[] = [
    ['of one node', chain(1)],
    ['of a few in a row', chain(5)],
    ['of layers', layers(3, 4)],
    ['of 500 in a row', chain(500)],
    ['of 500 in layers', layers(10, 50)],
    ['of 500 that need nothing', Array.from({ length: 500 }, (_, n) => ({ id: `n${String(n)}`, needs: [] }))],
  ];

  it.each(shapes)('%s has every node right of its needs, within its bounds, and none on another', (_name, shape) => {
    const layout = layoutGraph(shape);
    expect(layout.nodes.size).toBe(shape.length);
    expect(overlaps(layout)).toBe(0);
    for (const { id, needs } of shape) {
      const at = layout.nodes.get(id) ?? { x: Number.NaN, y: Number.NaN };
      expect(at.x >= 0 && at.y >= 0 && at.x + NODE_WIDTH <= layout.width && at.y + NODE_HEIGHT <= layout.height).toBe(true);
      for (const need of needs) expect(layout.nodes.get(need)?.x).toBeLessThanOrEqual(at.x - NODE_WIDTH);
    }
  });

  it('of a wide rank is not a stripe', () => {
    const { width, height } = layoutGraph(shapes[5]?.[1] ?? []);
    expect(width / height).toBeGreaterThan(0.5);
    expect(width / height).toBeLessThan(8);
  });

  it('leads arrows from side to side', () => {
    const { nodes, arrows } = layoutGraph(chain(2));
    const [from, to] = [nodes.get('n0'), nodes.get('n1')];
    expect(arrows[0]?.points.at(0)).toEqual({ x: (from?.x ?? 0) + NODE_WIDTH, y: (from?.y ?? 0) + NODE_HEIGHT / 2 });
    expect(arrows[0]?.points.at(-1)).toEqual({ x: to?.x, y: (to?.y ?? 0) + NODE_HEIGHT / 2 });
  });
});

it('writes an arrow as a path', () => {
  expect(pathOf([{ x: 0, y: 0 }, { x: 10, y: 20.04 }])).toBe('M0,0C5,0 5,20 10,20');
});

describe('an arrow key', () => {
  const layout = layoutGraph([{ id: 'a', needs: [] }, { id: 'b', needs: ['a'] }, { id: 'c', needs: ['a'] }, { id: 'd', needs: ['b', 'c'] }]);
  it.each([
    ['b', 'ArrowLeft', 'a'],
    ['a', 'ArrowLeft', undefined],
    ['d', 'Home', 'a'],
    ['a', 'End', 'd'],
    ['a', 'x', undefined],
  ])('from %s by %s leads to %s', (from, key, to) => {
    expect(neighbourOf(from, key, layout)).toBe(to);
  });

  it('goes up and down within a column', () => {
    const [upper, lower] = ['b', 'c'].toSorted((one, other) => (layout.nodes.get(one)?.y ?? 0) - (layout.nodes.get(other)?.y ?? 0));
    expect(neighbourOf(upper ?? '', 'ArrowDown', layout)).toBe(lower);
    expect(neighbourOf(lower ?? '', 'ArrowUp', layout)).toBe(upper);
    expect(neighbourOf(lower ?? '', 'ArrowDown', layout)).toBeUndefined();
  });
});

describe('the first view', () => {
  const page = { width: 1_000, height: 500 };
  const graph = (width: number, height: number, nodes: number) => ({ width, height, nodes: new Map(Array.from({ length: nodes }, (_, n) => [String(n), n])) });
  it('is never enlarged and stands in the middle', () => {
    expect(firstView(graph(200, 100, 1), page)).toEqual({ x: 400, y: 200, zoom: 1 });
  });
  it('holds the whole', () => {
    const { zoom } = firstView(graph(2_000, 100, 8), page);
    expect(zoom).toBeLessThan(0.5);
    expect(zoom).toBeGreaterThan(0.45);
    expect(firstView(graph(5_000, 1_000, 200), page).zoom).toBeLessThan(0.2);
  });
  it('is the beginning of what would be a stripe, or too small to be read', () => {
    expect(firstView(graph(137_000, 80, 500), page)).toMatchObject({ x: 16, zoom: 0.8 });
    expect(firstView(graph(5_000, 100, 20), page)).toEqual({ x: 16, y: 210, zoom: 0.8 });
  });
});

import type { GraphNode } from './graph-node.js';

/** What the shape of a graph depends on: everything else about a node can change without moving it. */
export type Shape = readonly Pick<GraphNode, 'id' | 'needs'>[];

/**
 * The arrows that have to be drawn: `a → c` says nothing where `a → b → c` is drawn too. Needs that are not in the graph, that name
 * a node twice or that go round in a circle are left out, so what comes back can always be put in ranks.
 * Answers, for every node in an order that has it after all it needs, the ids of those needs.
 */
export function reduceNeeds(shape: Shape): ReadonlyMap<string, readonly string[]> {
  const order = inOrder(shape);
  const places = new Map(order.map(({ id }, place) => [id, place]));
  const words = Math.ceil(order.length / 32);
  // One bit for each node: which others are before it. 500 nodes of 50 needs each are 25,000 rows put together, not their members.
  const before = order.map(() => new Uint32Array(words));
  const reduced = new Map<string, readonly string[]>();
  for (const [place, { id, needs }] of order.entries()) {
    const own = before[place] ?? new Uint32Array(words);
    const kept: string[] = [];
    const known = [...new Set(needs)].flatMap((need) => places.get(need) ?? []).filter((need) => need < place);
    for (const need of known.sort((one, other) => other - one)) {
      if (hasBit(own, need)) continue;
      kept.push(order[need]?.id ?? '');
      const theirs = before[need] ?? new Uint32Array(words);
      for (let word = 0; word < words; word++) own[word] = (own[word] ?? 0) | (theirs[word] ?? 0);
      own[need >>> 5] = (own[need >>> 5] ?? 0) | (1 << (need & 31));
    }
    reduced.set(id, kept.reverse());
  }
  return reduced;
}

function hasBit(bits: Uint32Array, place: number): boolean {
  return ((bits[place >>> 5] ?? 0) & (1 << (place & 31))) !== 0;
}

/** Every node after what it needs, otherwise as given; those of a circle stand where the circle is entered. */
function inOrder(shape: Shape): Shape {
  const byId = new Map(shape.map((node) => [node.id, node]));
  const seen = new Set<string>();
  const order: Shape[number][] = [];
  for (const first of byId.values()) {
    const stack: { readonly node: Shape[number]; next: number }[] = [];
    const enter = (node: Shape[number] | undefined): void => {
      if (node === undefined || seen.has(node.id)) return;
      seen.add(node.id);
      stack.push({ node, next: 0 });
    };
    enter(first);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const need = top.node.needs[top.next++];
      if (need !== undefined) enter(byId.get(need));
      else {
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}

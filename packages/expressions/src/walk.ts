import { assertNever } from '@kb-labs/errors';

import type { Node } from './ast.js';

/** A node and everything below it, in the order of the text. The name a path starts from is not given on its own. */
export function* nodesOf(node: Node): Generator<Node> {
  yield node;
  for (const child of childrenOf(node)) yield* nodesOf(child);
}

function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'literal':
    case 'name':
      return [];
    case 'path': {
      const indexes = node.steps.flatMap((step) => (step.kind === 'index' ? [step.index] : []));
      return node.base.kind === 'name' ? indexes : [node.base, ...indexes];
    }
    case 'call':
      return node.args;
    case 'not':
      return [node.operand];
    case 'logical':
      return node.operands;
    case 'comparison':
      return [node.first, ...node.rest.map(({ operand }) => operand)];
    default:
      return assertNever(node);
  }
}

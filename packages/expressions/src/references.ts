import type { Expression, Node, PathStep } from './ast.js';
import { KNOWN_CONTEXTS } from './names.js';
import { nodesOf } from './walk.js';

/** One read of a context. Offsets are those of the expression. */
export interface Reference {
  /** The context: a known one in lower case however it is written, another as written. */
  readonly root: string;
  /** Property names and list indexes; `null` for a filter (`.*`) or an index that is computed. */
  readonly path: readonly (string | number | null)[];
  readonly offset: number;
  readonly length: number;
}

/** Every read of a context, in the order of the text, also those inside indexes and arguments. */
export function referencesOf(expression: Expression): Reference[] {
  const references: Reference[] = [];
  for (const node of nodesOf(expression.root)) {
    const reference = toReference(node);
    if (reference !== undefined) references.push(reference);
  }
  return references;
}

/** The read that a node is, if it is one. The name at the start of a path is part of the path's read. */
export function toReference(node: Node): Reference | undefined {
  const { offset, length } = node;
  if (node.kind === 'name') return { root: toRoot(node.name), path: [], offset, length };
  if (node.kind !== 'path' || node.base.kind !== 'name') return undefined;
  return { root: toRoot(node.base.name), path: node.steps.map(toKey), offset, length };
}

function toRoot(name: string): string {
  const lower = name.toLowerCase();
  return KNOWN_CONTEXTS.includes(lower) ? lower : name;
}

function toKey(step: PathStep): string | number | null {
  if (step.kind === 'property') return step.name;
  if (step.kind === 'filter' || step.index.kind !== 'literal') return null;
  const { value } = step.index;
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null;
}

import type { Expression, FunctionName, Node } from './ast.js';
import { nodesOf } from './walk.js';

/** One call of a function. */
export interface FunctionCall {
  /** As the language spells it, whatever case was written. */
  readonly name: FunctionName;
  readonly args: readonly Expression[];
  /** Per argument its value if it is a string in quotes, else `null`. */
  readonly literalArgs: readonly (string | null)[];
  /** In UTF-16 units of the text that was parsed. */
  readonly offset: number;
}

/** Every call of a function, in the order of the text. */
export function callsOf(expression: Expression): FunctionCall[] {
  const calls: FunctionCall[] = [];
  for (const node of nodesOf(expression.root)) {
    if (node.kind !== 'call') continue;
    calls.push({
      name: node.name,
      args: node.args.map((arg) => partOf(expression, arg)),
      literalArgs: node.args.map((arg) => (arg.kind === 'literal' && typeof arg.value === 'string' ? arg.value : null)),
      offset: node.offset,
    });
  }
  return calls;
}

/** Whether it asks how things went. A condition that does not gets an implicit `success() &&` from whoever runs it. */
export function callsStatusFunction(expression: Expression): boolean {
  for (const node of nodesOf(expression.root)) {
    if (node.kind === 'call' && STATUS.has(node.name)) return true;
  }
  return false;
}

const STATUS: ReadonlySet<FunctionName> = new Set(['success', 'failure', 'always', 'cancelled']);

function partOf(whole: Expression, node: Node): Expression {
  const start = node.offset - whole.offset;
  return { source: whole.source.slice(start, start + node.length), offset: node.offset, root: node };
}

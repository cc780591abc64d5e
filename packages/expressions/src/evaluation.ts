import type { JsonValue } from '@kb-labs/contracts';
import { assertNever } from '@kb-labs/errors';

import type { Call, Comparison, Expression, Logical, Node, Path } from './ast.js';
import { isTruthy } from './coerce.js';
import { compare } from './compare.js';
import { callFunction } from './functions.js';
import { Properties } from './properties.js';
import type { Scope } from './scope.js';
import { Work } from './work.js';

/** Evaluates expressions in one scope, within one budget. Its recursion is bounded by the depth the parser accepts. */
export class Evaluation {
  readonly work: Work;
  readonly #scope: Scope;
  readonly #properties: Properties;

  constructor(scope: Scope, work: Work = new Work()) {
    this.work = work;
    this.#scope = scope;
    this.#properties = new Properties(work);
  }

  /** The value as JSON. */
  json(expression: Expression): JsonValue {
    const value = this.raw(expression);
    if (typeof value !== 'number') return value;
    if (!Number.isFinite(value)) this.work.fail(`the result is ${value}, which JSON cannot hold`);
    return value === 0 ? 0 : value;
  }

  /** The value inside the language, where a number may be NaN or infinite. */
  raw(expression: Expression): JsonValue {
    this.work.source = expression.source;
    return this.#value(expression.root);
  }

  #value(node: Node): JsonValue {
    this.work.characters(1);
    switch (node.kind) {
      case 'literal':
        return node.value;
      case 'name':
        return this.#context(node.name);
      case 'path':
        return this.#path(node);
      case 'call':
        return this.#call(node);
      case 'not':
        return !isTruthy(this.#value(node.operand));
      case 'logical':
        return this.#logical(node);
      case 'comparison':
        return this.#comparison(node);
      default:
        return assertNever(node);
    }
  }

  #context(name: string): JsonValue {
    // Only values are read from it: a context that is `undefined` comes out as null like one that is absent.
    return this.#properties.read(this.#scope.contexts as Record<string, JsonValue>, name);
  }

  #path(node: Path): JsonValue {
    let value = this.#value(node.base);
    for (const step of node.steps) {
      this.work.characters(1);
      if (step.kind === 'filter') value = this.#properties.filter(value);
      else value = this.#properties.read(value, step.kind === 'property' ? step.name : this.#value(step.index));
    }
    return value;
  }

  #logical(node: Logical): JsonValue {
    let value: JsonValue = null;
    for (const operand of node.operands) {
      value = this.#value(operand);
      if (isTruthy(value) === (node.operator === '||')) break;
    }
    return value;
  }

  #comparison(node: Comparison): JsonValue {
    let value = this.#value(node.first);
    for (const { operator, operand } of node.rest) value = compare(value, operator, this.#value(operand), this.work);
    return value;
  }

  #call(node: Call): JsonValue {
    if (node.name === 'case') return this.#case(node.args);
    const args = node.args.map((arg) => this.#value(arg));
    return callFunction(node.name, args, { scope: this.#scope, work: this.work });
  }

  /** Evaluates conditions up to the first that holds, and the one value that it chooses. */
  #case(args: readonly Node[]): JsonValue {
    for (let at = 0; at + 1 < args.length; at += 2) {
      const [condition, chosen] = args.slice(at, at + 2);
      if (condition === undefined || chosen === undefined) break;
      const holds = this.#value(condition);
      if (typeof holds !== 'boolean') return this.work.fail('a condition of case() is neither true nor false');
      if (holds) return this.#value(chosen);
    }
    const otherwise = args.at(-1);
    return otherwise === undefined ? null : this.#value(otherwise);
  }
}

import { LIMITS } from '@kb-labs/contracts';

/**
 * Why a value is not what JSON text can hold, or `undefined` when it is: plain objects and arrays of finite numbers,
 * texts, booleans and null, nested at most `LIMITS.valueDepth` deep. A circle is refused by its depth.
 */
export function jsonProblem(value: unknown, path = '', depth = 1): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : `${place(path)} is not a finite number`;
    case 'object':
      break;
    case 'undefined':
    case 'function':
    case 'bigint':
    case 'symbol':
      return `${place(path)} is ${typeof value}, which JSON cannot hold`;
  }
  if (value === null) return undefined;
  if (depth > LIMITS.valueDepth) return `${place(path.slice(0, 64))} is nested deeper than ${String(LIMITS.valueDepth)} levels`;
  if (!Array.isArray(value) && !isPlain(value)) return `${place(path)} is a ${value.constructor.name || 'class instance'}, which JSON cannot hold`;
  for (const [key, member] of Array.isArray(value) ? indexed(value) : Object.entries(value)) {
    const problem = jsonProblem(member, path === '' ? String(key) : `${path}.${String(key)}`, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function place(path: string): string {
  return path === '' ? 'the value' : path;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

/** `Array.from` instead of `entries`, so that a hole is seen as `undefined`. */
function indexed(list: readonly unknown[]): (readonly [number, unknown])[] {
  return Array.from(list, (member, index) => [index, member] as const);
}

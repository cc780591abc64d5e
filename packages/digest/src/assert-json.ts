export interface JsonRules {
  /** Refuse integers that a double cannot tell from their neighbours (beyond ±(2^53 − 1)). */
  readonly exactIntegers?: boolean;
}

type Visit = { readonly value: unknown; readonly path: Path | null; readonly leave: boolean };
type Path = { readonly parent: Path | null; readonly key: string | number };

/**
 * Throws a `TypeError` at the first thing in `value` that is not JSON, with its path (`$.jobs[2].name`).
 * Depth is bounded by memory only: the walk keeps its own stack.
 */
export function assertJson(value: unknown, rules: JsonRules = {}): void {
  const open = new Set<object>();
  const stack: Visit[] = [{ value, path: null, leave: false }];
  for (let visit = stack.pop(); visit !== undefined; visit = stack.pop()) {
    const { value: current, path } = visit;
    if (typeof current !== 'object' || current === null) {
      assertScalar(current, path, rules);
      continue;
    }
    if (visit.leave) {
      open.delete(current);
      continue;
    }
    if (open.has(current)) refuse(path, 'contains itself');
    open.add(current);
    stack.push({ value: current, path, leave: true });
    if (Array.isArray(current)) pushItems(current, path, stack);
    else pushMembers(current, path, stack);
  }
}

function assertScalar(value: unknown, path: Path | null, rules: JsonRules): void {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) refuse(path, 'holds a lone surrogate');
      return;
    case 'number':
      if (!Number.isFinite(value)) refuse(path, `is ${value}`);
      if (rules.exactIntegers === true && Number.isInteger(value) && !Number.isSafeInteger(value)) {
        refuse(path, 'is an integer beyond 2^53 − 1, which is not exact: write it as a string');
      }
      return;
    case 'boolean':
      return;
    default:
      if (value !== null) refuse(path, `is ${typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`}`);
  }
}

function pushItems(items: readonly unknown[], path: Path | null, stack: Visit[]): void {
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const itemPath = { parent: path, key: index };
    if (!Object.hasOwn(items, index)) refuse(itemPath, 'is a hole in an array');
    stack.push({ value: items[index], path: itemPath, leave: false });
  }
}

function pushMembers(object: object, path: Path | null, stack: Visit[]): void {
  const prototype: unknown = Object.getPrototypeOf(object);
  // A plain object of another realm has a prototype that is not ours, but nothing above it.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) refuse(path, 'is not a plain object');
  if (Object.getOwnPropertySymbols(object).length > 0) refuse(path, 'has a symbol as a key');
  for (const [key, value] of Object.entries(object).reverse()) {
    const memberPath = { parent: path, key };
    if (!key.isWellFormed()) refuse(memberPath, 'has a lone surrogate in its key');
    stack.push({ value, path: memberPath, leave: false });
  }
}

function refuse(path: Path | null, problem: string): never {
  throw new TypeError(`${formatPath(path)} ${problem}`);
}

function formatPath(path: Path | null): string {
  const keys: string[] = [];
  for (let at = path; at !== null; at = at.parent) {
    const { key } = at;
    const plain = typeof key === 'string' && /^[A-Za-z_][A-Za-z0-9_-]*$/.test(key);
    keys.push(plain ? `.${key}` : `[${JSON.stringify(key)}]`);
  }
  return `$${keys.reverse().join('')}`;
}

import { isJsonObject, type JsonObject, type JsonValue, type ValueChange } from '@kb-labs/contracts';

/**
 * All differences between two values, in the order they are written: none when they are equal, whatever the order of keys. Items of a list are
 * told apart by what they are called, so that a new one in front changes nothing but itself.
 */
export function diffValues(from: JsonValue, to: JsonValue): ValueChange[] {
  return [...differences(from, to, '')];
}

function* differences(from: JsonValue, to: JsonValue, path: string): Generator<ValueChange> {
  if (isJsonObject(from) && isJsonObject(to)) yield* diffMembers(from, to, path);
  else if (Array.isArray(from) && Array.isArray(to)) yield* diffItems(from, to, path);
  else if (!isSame(from, to)) yield { path, change: 'changed', from, to };
}

/** Numbers as JSON writes them: `-0` is `0`. */
function isSame(from: JsonValue, to: JsonValue): boolean {
  return typeof from === typeof to && JSON.stringify(from) === JSON.stringify(to);
}

function* diffMembers(from: JsonObject, to: JsonObject, path: string): Generator<ValueChange> {
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    yield* diffSides(memberOf(from, key), memberOf(to, key), path === '' ? nameIn(key) : `${path}${/^\w[\w-]*$/.test(key) ? '.' : ''}${nameIn(key)}`);
  }
}

function memberOf(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function nameIn(key: string): string {
  return /^\w[\w-]*$/.test(key) ? key : `[${JSON.stringify(key)}]`;
}

function* diffSides(from: JsonValue | undefined, to: JsonValue | undefined, path: string): Generator<ValueChange> {
  if (from === undefined) yield { path, change: 'added', from: null, to: to ?? null };
  else if (to === undefined) yield { path, change: 'removed', from, to: null };
  else yield* differences(from, to, path);
}

function* diffItems(from: readonly JsonValue[], to: readonly JsonValue[], path: string): Generator<ValueChange> {
  const before = named(from);
  const after = named(to);
  const names = before === undefined || after === undefined ? undefined : [...new Set([...before.keys(), ...after.keys()])];
  if (before === undefined || after === undefined || names === undefined) {
    for (let index = 0; index < Math.max(from.length, to.length); index += 1) yield* diffSides(from[index], to[index], `${path}[${String(index)}]`);
    return;
  }
  for (const name of names) yield* diffSides(before.get(name), after.get(name), `${path}[${name}]`);
  const kept = [...before.keys()].filter((name) => after.has(name));
  const now = [...after.keys()].filter((name) => before.has(name));
  if (kept.some((name, index) => name !== now[index])) yield { path, change: 'reordered', from: kept, to: now };
}

/** Items by what they are called; `undefined` when not each has a name of its own. */
function named(items: readonly JsonValue[]): Map<string, JsonValue> | undefined {
  const found = new Map<string, JsonValue>();
  for (const item of items) {
    const name = nameOf(item);
    if (name === undefined || found.has(name)) return undefined;
    found.set(name, item);
  }
  return found;
}

/** What the items of the lists in a manifest are called; a text is its own name. */
function nameOf(item: JsonValue): string | undefined {
  if (typeof item === 'string') return JSON.stringify(item);
  if (!isJsonObject(item)) return undefined;
  const name = ['name', 'role_id', 'phase_id'].map((key) => memberOf(item, key)).find((value) => typeof value === 'string');
  if (name !== undefined) return name;
  const [kind, id] = [memberOf(item, 'kind'), memberOf(item, 'id')];
  if (typeof kind !== 'string') return undefined;
  return typeof id === 'string' ? `${kind} ${id}` : kind;
}

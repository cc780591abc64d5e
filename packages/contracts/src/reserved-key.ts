import type { JsonValue } from './json.js';
import { FLOW_KEY } from './session.js';

/** Where inside of a value the key is that only the daemon writes, as `a.b[0].c`; `undefined` when it is nowhere. */
export function findReserved(value: JsonValue | undefined): string | undefined {
  const open: { readonly value: JsonValue | undefined; readonly path: string }[] = [{ value, path: '' }];
  // A list of its own instead of calls: what came over a wire can be nested deeper than a stack.
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value: found, path } = next;
    if (typeof found !== 'object' || found === null) continue;
    if (Array.isArray(found)) {
      for (const [index, item] of found.entries()) open.push({ value: item, path: `${path}[${String(index)}]` });
      continue;
    }
    for (const [key, item] of Object.entries(found)) {
      const at = path === '' ? key : `${path}.${key}`;
      if (key === FLOW_KEY) return at;
      open.push({ value: item, path: at });
    }
  }
  return undefined;
}

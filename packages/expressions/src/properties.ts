import { isJsonObject, type JsonObject, type JsonValue } from '@kb-labs/contracts';

import { isPrimitive, toNumber, toText } from './coerce.js';
import type { Work } from './work.js';

/**
 * Reads properties as GitHub's contexts do: own properties only, without regard to case. Where two names differ
 * in case only, the one written exactly wins. What is not there is null.
 *
 * A filter (`.*`) gives a list; a property or index of such a list is that of each of its elements that has it.
 */
export class Properties {
  readonly #work: Work;
  /** Lower-case name → name, per object, made when an exact name misses. */
  readonly #names = new Map<object, Map<string, string>>();
  readonly #filtered = new Set<object>();

  constructor(work: Work) {
    this.#work = work;
  }

  read(value: JsonValue, key: JsonValue): JsonValue {
    if (Array.isArray(value) && this.#filtered.has(value)) return this.#readEach(value, key);
    return this.#own(value, key) ?? null;
  }

  filter(value: JsonValue): JsonValue[] {
    if (Array.isArray(value) && this.#filtered.has(value)) return this.#mark(value.flatMap((item) => this.#children(item)));
    return this.#mark([...this.#children(value)]);
  }

  #readEach(list: readonly JsonValue[], key: JsonValue): JsonValue[] {
    this.#work.elements(list.length);
    const found: JsonValue[] = [];
    for (const item of list) {
      const value = this.#own(item, key);
      if (value !== undefined) found.push(value);
    }
    return this.#mark(found);
  }

  #mark(list: JsonValue[]): JsonValue[] {
    this.#filtered.add(list);
    return list;
  }

  #children(value: JsonValue): readonly JsonValue[] {
    const children = Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : [];
    this.#work.elements(1 + children.length);
    return children;
  }

  #own(value: JsonValue, key: JsonValue): JsonValue | undefined {
    if (Array.isArray(value)) {
      if (typeof key === 'string') this.#work.characters(key.length);
      const index = Math.floor(toNumber(key));
      return index >= 0 && index < value.length ? value[index] : undefined;
    }
    if (!isJsonObject(value) || !isPrimitive(key)) return undefined;
    const name = toText(key);
    if (Object.hasOwn(value, name)) return value[name];
    this.#work.characters(name.length);
    const written = this.#namesOf(value).get(name.toLowerCase());
    return written === undefined ? undefined : value[written];
  }

  #namesOf(object: JsonObject): Map<string, string> {
    const known = this.#names.get(object);
    if (known !== undefined) return known;
    const names = new Map<string, string>();
    for (const name of Object.keys(object)) {
      this.#work.elements(1);
      this.#work.characters(name.length);
      const lower = name.toLowerCase();
      if (!names.has(lower)) names.set(lower, name);
    }
    this.#names.set(object, names);
    return names;
  }
}

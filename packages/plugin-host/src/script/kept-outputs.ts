import type { JsonObject, JsonValue } from '@kb-labs/contracts';

import { jsonSize, textBytes } from '../json-size.js';

/** Values by name, a later one in place of an earlier one, and how large all of them are. */
export class KeptOutputs {
  readonly #kept = new Map<string, JsonValue>();
  #memberBytes = 0;
  #values = 0;

  set(name: string, value: JsonValue): void {
    const before = this.#kept.get(name);
    if (before !== undefined) this.#add(name, before, -1);
    this.#add(name, value, 1);
    this.#kept.set(name, value);
  }

  /** Of the object of all of them as JSON text. */
  get bytes(): number {
    return 2 + this.#memberBytes + Math.max(0, this.#kept.size - 1);
  }

  get values(): number {
    return this.#values;
  }

  toObject(): JsonObject {
    // `fromEntries` defines properties: a name that every object inherits is a name like any other.
    return Object.fromEntries(this.#kept);
  }

  #add(name: string, value: JsonValue, sign: 1 | -1): void {
    const size = jsonSize(value);
    this.#memberBytes += sign * (textBytes(name) + 1 + size.bytes);
    this.#values += sign * size.values;
  }
}

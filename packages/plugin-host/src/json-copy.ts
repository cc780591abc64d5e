import type { JsonValue } from '@kb-labs/contracts';

import { scalarBytes, textBytes } from './json-size.js';

export type JsonCopy =
  | { readonly kind: 'copied'; readonly value: JsonValue; readonly bytes: number }
  | { readonly kind: 'refused'; readonly problem: string }
  /** `bytes` were counted up to where it was too much. */
  | { readonly kind: 'too-large'; readonly bytes: number };

export interface JsonBounds {
  /** Of the value as JSON text. */
  readonly bytes: number;
  readonly depth: number;
  /** Texts, numbers, truth values, nulls, lists and objects. */
  readonly values: number;
}

/**
 * A copy of what JSON text can hold: plain objects and arrays of finite numbers, texts, booleans and null, within bounds.
 * Anything else is refused with its place; a circle by its depth. Texts are shared with the original, and the work ends
 * where the value is too large: a few objects that hold each other many times can stand for any number of bytes. Needs
 * nothing but the language: the process of a handler has it too.
 */
export function copyWithin(value: unknown, bounds: JsonBounds): JsonCopy {
  const copier = new Copier(bounds);
  const copy = copier.copy(value);
  return copier.refusal ?? { kind: 'copied', value: copy ?? null, bytes: copier.bytes };
}

class Copier {
  bytes = 0;
  refusal: Exclude<JsonCopy, { kind: 'copied' }> | undefined;
  readonly #bounds: JsonBounds;
  readonly #path: string[] = [];
  #values = 0;

  constructor(bounds: JsonBounds) {
    this.#bounds = bounds;
  }

  /** `undefined` once there is a refusal. */
  copy(value: unknown): JsonValue | undefined {
    this.#values += 1;
    if (this.#values > this.#bounds.values) return this.#refuse(`it holds more than ${String(this.#bounds.values)} values`);
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return this.#count(scalarBytes(value)) ? value : undefined;
      case 'number':
        if (!Number.isFinite(value)) return this.#refuse(`${this.#place()} is not a finite number`);
        // Minus zero has no sign in JSON text.
        return this.#count(scalarBytes(value)) ? value + 0 : undefined;
      case 'object':
        break;
      case 'undefined':
      case 'function':
      case 'bigint':
      case 'symbol':
        return this.#refuse(`${this.#place()} is ${typeof value}, which JSON cannot hold`);
    }
    if (value === null) return this.#count(4) ? null : undefined;
    if (this.#path.length >= this.#bounds.depth) return this.#refuse(`${this.#place().slice(0, 64)} is nested deeper than ${String(this.#bounds.depth)} levels`);
    if (!this.#count(2)) return undefined;
    if (Array.isArray(value)) return this.#copyList(value);
    if (!isPlain(value)) return this.#refuse(`${this.#place()} is a ${value.constructor.name || 'class instance'}, which JSON cannot hold`);
    return this.#copyObject(value);
  }

  #copyList(list: readonly unknown[]): JsonValue | undefined {
    const copies: JsonValue[] = [];
    // By index, so that a hole is seen as `undefined`.
    for (let at = 0; at < list.length; at += 1) {
      if (at > 0 && !this.#count(1)) return undefined;
      const copy = this.#copyMember(String(at), list[at]);
      if (copy === undefined) return undefined;
      copies.push(copy);
    }
    return copies;
  }

  #copyObject(object: object): JsonValue | undefined {
    const copies: Record<string, JsonValue> = {};
    let isFirst = true;
    for (const name of Object.keys(object)) {
      if (!this.#count(textBytes(name) + (isFirst ? 1 : 2))) return undefined;
      isFirst = false;
      const copy = this.#copyMember(name, (object as Record<string, unknown>)[name]);
      if (copy === undefined) return undefined;
      // Defined, not set: a member `__proto__` is one like any other.
      if (name === '__proto__') Object.defineProperty(copies, name, { value: copy, enumerable: true, configurable: true, writable: true });
      else copies[name] = copy;
    }
    return copies;
  }

  #copyMember(name: string, member: unknown): JsonValue | undefined {
    this.#path.push(name);
    const copy = this.copy(member);
    this.#path.pop();
    return copy;
  }

  #count(bytes: number): boolean {
    this.bytes += bytes;
    if (this.bytes > this.#bounds.bytes) this.refusal = { kind: 'too-large', bytes: this.bytes };
    return this.refusal === undefined;
  }

  #refuse(problem: string): undefined {
    this.refusal = { kind: 'refused', problem };
    return undefined;
  }

  #place(): string {
    return this.#path.length === 0 ? 'the value' : this.#path.join('.').slice(0, 256);
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

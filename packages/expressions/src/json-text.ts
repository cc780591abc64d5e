import { LIMITS, type JsonValue } from '@kb-labs/contracts';

import type { Work } from './work.js';

/** `toJSON`: two spaces of indentation, as GitHub writes it. */
export function writeJson(value: JsonValue, work: Work): string {
  return new Writer(work).write(value);
}

/** `fromJSON`: at most `LIMITS.valueDepth` levels deep, every number finite. */
export function readJson(text: string, work: Work): JsonValue {
  work.characters(4 * text.length);
  if (text.trim() === '') return work.fail('fromJSON was given an empty text');
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (thrown) {
    // The runtime's message quotes the text, which can be a secret; its position cannot.
    const position = /at position (\d+)/.exec(thrown instanceof Error ? thrown.message : '')?.[1];
    return work.fail(`fromJSON was given a text that is not JSON${position === undefined ? '' : ` (at character ${position})`}`);
  }
  checkValue(value, work);
  return value;
}

function checkValue(root: JsonValue, work: Work): void {
  if (!isContainer(root)) {
    checkNumber(root, work);
    return;
  }
  let level = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth === LIMITS.valueDepth) work.fail(`fromJSON was given more than ${LIMITS.valueDepth} levels`);
    const below: Container[] = [];
    for (const container of level) {
      for (const child of Object.values(container)) {
        if (isContainer(child)) below.push(child);
        else checkNumber(child, work);
      }
    }
    level = below;
  }
}

type Container = JsonValue[] | { [key: string]: JsonValue };

function isContainer(value: JsonValue): value is Container {
  return typeof value === 'object' && value !== null;
}

function checkNumber(value: JsonValue, work: Work): void {
  if (typeof value === 'number' && !Number.isFinite(value)) work.fail('fromJSON was given a number that is too large');
}

/** Writes piece by piece, so that a text that would be too long is never made. */
class Writer {
  readonly #work: Work;
  readonly #pieces: string[] = [];
  #length = 0;

  constructor(work: Work) {
    this.#work = work;
  }

  write(value: JsonValue): string {
    this.#value(value, 0);
    return this.#work.text(this.#pieces.join(''));
  }

  #value(value: JsonValue, depth: number): void {
    if (value === null || typeof value !== 'object') {
      if (typeof value === 'string') this.#work.characters(value.length);
      this.#put(JSON.stringify(value));
      return;
    }
    if (depth === LIMITS.valueDepth) this.#work.fail(`toJSON was given more than ${LIMITS.valueDepth} levels`);
    if (Array.isArray(value)) this.#list(value, depth);
    else this.#object(value, depth);
  }

  #list(items: readonly JsonValue[], depth: number): void {
    if (items.length === 0) {
      this.#put('[]');
      return;
    }
    items.forEach((item, index) => {
      this.#put(`${index === 0 ? '[' : ','}\n${'  '.repeat(depth + 1)}`);
      this.#value(item, depth + 1);
    });
    this.#put(`\n${'  '.repeat(depth)}]`);
  }

  #object(object: { [key: string]: JsonValue }, depth: number): void {
    const entries = Object.entries(object);
    if (entries.length === 0) {
      this.#put('{}');
      return;
    }
    entries.forEach(([key, item], index) => {
      this.#put(`${index === 0 ? '{' : ','}\n${'  '.repeat(depth + 1)}${JSON.stringify(key)}: `);
      this.#value(item, depth + 1);
    });
    this.#put(`\n${'  '.repeat(depth)}}`);
  }

  #put(piece: string): void {
    this.#work.elements(1);
    this.#length += piece.length;
    if (this.#length > LIMITS.valueBytes) this.#work.tooLong();
    this.#pieces.push(piece);
  }
}

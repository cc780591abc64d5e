import { LIMITS } from '@kb-labs/contracts';

import type { BrokenNode, ListNode, LocatedNode, MapEntry, MapNode, ScalarNode, ScalarStyle, TextProblems } from './located.js';
import type { Place } from './place.js';

interface At {
  readonly start: number;
  readonly end: number;
}

/**
 * Builds the located tree and refuses what data may not hold, whatever the syntax: keys written twice,
 * names that reach prototypes, numbers and texts that JSON cannot carry, too many values, too much nesting.
 */
export class TreeBuilder {
  readonly #problems: TextProblems;
  readonly #placeAt: (offset: number) => Place;
  #nodes = 0;
  #tooLarge = false;
  #tooDeep = false;

  constructor(problems: TextProblems, placeAt: (offset: number) => Place) {
    this.#problems = problems;
    this.#placeAt = placeAt;
  }

  scalar(value: string | number | boolean | null, style: ScalarStyle, at: At): ScalarNode | BrokenNode {
    this.#count(at.start);
    if (typeof value === 'number' && !this.#acceptNumber(value, at.start)) return this.broken(at);
    if (typeof value === 'string' && !this.#acceptText(value, at.start)) return this.broken(at);
    return { kind: 'scalar', value, style, ...at };
  }

  list(items: readonly LocatedNode[], at: At): ListNode {
    this.#count(at.start);
    return { kind: 'list', items, ...at };
  }

  map(entries: ReadonlyMap<string, MapEntry>, at: At): MapNode {
    this.#count(at.start);
    return { kind: 'map', entries, ...at };
  }

  broken(at: At): BrokenNode {
    return { kind: 'broken', start: at.start, end: at.end };
  }

  /** Adds an entry unless its key is refused. */
  entry(entries: Map<string, MapEntry>, key: string, at: At, value: LocatedNode): void {
    this.#count(at.start);
    if (!this.#acceptText(key, at.start)) return;
    if (key === '__proto__') {
      this.#problems.add('INVALID_VALUE', at.start, { problem: 'a key cannot be named "__proto__"' }, 'rename the key');
      return;
    }
    const first = entries.get(key);
    if (first === undefined) {
      entries.set(key, { key: { start: at.start, end: at.end }, value });
      return;
    }
    const { line } = this.#placeAt(first.key.start);
    this.#problems.add('DUPLICATE_KEY', at.start, { key: shorten(key) }, `it is first written in line ${line}: keep one of them`);
  }

  /** Whether a collection at this depth (the outermost one is 1) may be entered. */
  mayEnter(depth: number, offset: number): boolean {
    if (depth <= LIMITS.documentDepth) return true;
    if (!this.#tooDeep) this.#problems.add('DOCUMENT_TOO_DEEP', offset, { limit: LIMITS.documentDepth });
    this.#tooDeep = true;
    return false;
  }

  /** Whether the number of values is over the limit; nothing more needs to be read then. */
  get tooLarge(): boolean {
    return this.#tooLarge;
  }

  #count(offset: number): void {
    this.#nodes += 1;
    if (this.#nodes <= LIMITS.documentNodes || this.#tooLarge) return;
    this.#tooLarge = true;
    reportTooManyNodes(this.#problems, offset);
  }

  #acceptNumber(value: number, offset: number): boolean {
    if (!Number.isFinite(value)) {
      this.#problems.add('INVALID_VALUE', offset, { problem: 'a number is finite' }, 'put it in quotes if it is text');
      return false;
    }
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      const problem = 'a whole number beyond 2^53 - 1 loses digits';
      this.#problems.add('INVALID_VALUE', offset, { problem }, 'put it in quotes to keep every digit');
      return false;
    }
    return true;
  }

  #acceptText(value: string, offset: number): boolean {
    if (value.isWellFormed()) return true;
    this.#problems.add('INVALID_VALUE', offset, { problem: 'the text holds half of a surrogate pair' });
    return false;
  }
}

/** The problem of a document with more values than the limit. */
export function reportTooManyNodes(problems: TextProblems, offset: number): void {
  problems.say('DOCUMENT_TOO_LARGE', offset, `the document holds more than ${LIMITS.documentNodes} values`, 'split it into several');
}

/** A name as messages show it. */
export function shorten(name: string, limit = 60): string {
  return name.length <= limit ? name : `${name.slice(0, limit)}…`;
}

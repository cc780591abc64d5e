import { isAlias, isMap, isScalar, isSeq, type Pair, Scalar, type YAMLMap, type YAMLSeq } from 'yaml';

import { TreeBuilder } from './build-tree.js';
import { lexYaml } from './lex-yaml.js';
import { type LocatedNode, type MapEntry, type ScalarStyle, TextProblems } from './located.js';
import { maskExpressions } from './mask-expressions.js';
import { parseYaml } from './parse-yaml.js';
import type { Place } from './place.js';

type PlaceAt = (offset: number) => Place;

interface Reading {
  readonly root: LocatedNode | undefined;
  readonly problems: TextProblems;
  /** Whether the syntax is wrong; another look at the text could help. */
  readonly lost: boolean;
}

/** YAML 1.2 (core schema, one document, no anchors, aliases, tags) with places. `undefined`: nothing in it, or unreadable. */
export function readYaml(text: string, problems: TextProblems, placeAt: PlaceAt): LocatedNode | undefined {
  const asWritten = (value: string): string => value;
  let reading = read(text, placeAt, asWritten);
  let unmask = asWritten;
  const masked = reading.lost ? maskExpressions(text) : undefined;
  if (masked !== undefined) {
    const second = read(masked.text, placeAt, masked.unmask);
    if (betterThan(second, reading)) {
      reading = second;
      unmask = masked.unmask;
    }
  }
  for (const { code, offset, message, hint } of reading.problems.list) problems.say(code, offset, unmask(message), hint);
  return reading.root;
}

function betterThan(second: Reading, first: Reading): boolean {
  if (second.lost !== first.lost) return first.lost;
  return second.problems.list.length < first.problems.list.length;
}

function read(text: string, placeAt: PlaceAt, unmask: (value: string) => string): Reading {
  const problems = new TextProblems();
  const { lexemes, verdict } = lexYaml(text, problems);
  if (verdict !== 'readable') return { root: undefined, problems, lost: verdict === 'unreadable' };
  const document = parseYaml(text, lexemes, problems);
  if (document === undefined) return { root: undefined, problems, lost: true };
  if (document.contents === null) return { root: undefined, problems, lost: false };
  const root = new YamlTree(problems, placeAt, unmask).node(document.contents, { depth: 1, at: 0 });
  return { root, problems, lost: false };
}

const STYLES: Readonly<Record<string, ScalarStyle>> = {
  [Scalar.BLOCK_FOLDED]: 'folded',
  [Scalar.BLOCK_LITERAL]: 'literal',
  [Scalar.PLAIN]: 'plain',
  [Scalar.QUOTE_DOUBLE]: 'double',
  [Scalar.QUOTE_SINGLE]: 'single',
};

interface Where {
  /** The depth a collection here would have. */
  readonly depth: number;
  /** Where a value that is not written would stand. */
  readonly at: number;
}

class YamlTree {
  readonly #problems: TextProblems;
  readonly #tree: TreeBuilder;
  readonly #unmask: (value: string) => string;

  constructor(problems: TextProblems, placeAt: PlaceAt, unmask: (value: string) => string) {
    this.#problems = problems;
    this.#tree = new TreeBuilder(problems, placeAt);
    this.#unmask = unmask;
  }

  node(node: unknown, where: Where): LocatedNode {
    if (isScalar(node)) return this.#scalar(node, where);
    if (isMap(node)) return this.#collection(node, where, () => this.#map(node, where));
    if (isSeq(node)) return this.#collection(node, where, () => this.#list(node, where));
    if (isAlias(node)) return this.#tree.broken(spanOf(node, where));
    return this.#tree.scalar(null, 'plain', { start: where.at, end: where.at });
  }

  #scalar(node: Scalar, where: Where): LocatedNode {
    const at = spanOf(node, where);
    if (node.tag !== undefined) return this.#tree.broken(at);
    const { value } = node;
    const style = STYLES[node.type ?? ''] ?? 'plain';
    if (typeof value === 'string') return this.#tree.scalar(this.#unmask(value), style, at);
    if (typeof value === 'number' || typeof value === 'boolean') return this.#tree.scalar(value, style, at);
    return this.#tree.scalar(null, style, at);
  }

  #collection(node: YAMLMap | YAMLSeq, where: Where, read: () => LocatedNode): LocatedNode {
    const at = spanOf(node, where);
    if (this.#tree.tooLarge || !this.#tree.mayEnter(where.depth, at.start)) return this.#tree.broken(at);
    const tree = read();
    return node.tag === undefined ? tree : this.#tree.broken(at);
  }

  #list(node: YAMLSeq, where: Where): LocatedNode {
    const at = spanOf(node, where);
    const items = node.items.map((item) => this.node(item, { depth: where.depth + 1, at: at.start }));
    return this.#tree.list(items, at);
  }

  #map(node: YAMLMap, where: Where): LocatedNode {
    const at = spanOf(node, where);
    const entries = new Map<string, MapEntry>();
    for (const pair of node.items) {
      if (this.#tree.tooLarge) break;
      this.#entry(pair, entries, { depth: where.depth + 1, at: at.start });
    }
    return this.#tree.map(entries, at);
  }

  #entry(pair: Pair, entries: Map<string, MapEntry>, where: Where): void {
    const { key } = pair;
    if (!isScalar(key)) {
      if (!isAlias(key)) this.#problems.add('WRONG_TYPE', spanOf(key, where).start, { expected: 'a key', found: 'a list or mapping' }, 'a key is one word or text');
      return;
    }
    const at = spanOf(key, where);
    const value = this.node(pair.value, { depth: where.depth, at: at.end });
    if (key.type === Scalar.PLAIN && key.source === '') {
      this.#problems.say('DOCUMENT_SYNTAX', at.start, 'a key is missing before ":"');
    } else if (key.type === Scalar.PLAIN && key.source === '<<') {
      this.#problems.say('DOCUMENT_ALIAS', at.start, 'merge keys are not accepted', 'write the keys out where they are used');
    } else {
      // As written: `1.10` and `true` are names here, not values.
      const name = key.type === Scalar.PLAIN ? (key.source ?? String(key.value)) : String(key.value);
      this.#tree.entry(entries, this.#unmask(name), at, value);
    }
  }
}

function spanOf(node: unknown, where: Where): { start: number; end: number } {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  if (!Array.isArray(range)) return { start: where.at, end: where.at };
  const [start, end] = range as number[];
  return { start: start ?? where.at, end: end ?? where.at };
}

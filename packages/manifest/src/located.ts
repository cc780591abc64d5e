import type { DocumentPath, ErrorCode, JsonObject, JsonValue } from '@kb-labs/contracts';
import { messageOf, REGISTER } from '@kb-labs/errors';

/** How a scalar is written: decides where a position inside its value stands in the text. */
export type ScalarStyle = 'plain' | 'single' | 'double' | 'literal' | 'folded' | 'json';

interface Span {
  /** UTF-16 offsets in the text, end exclusive. */
  readonly start: number;
  readonly end: number;
}

export interface ScalarNode extends Span {
  readonly kind: 'scalar';
  readonly style: ScalarStyle;
  readonly value: string | number | boolean | null;
}

export interface ListNode extends Span {
  readonly kind: 'list';
  readonly items: readonly LocatedNode[];
}

export interface MapEntry {
  readonly key: Span;
  readonly value: LocatedNode;
}

export interface MapNode extends Span {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, MapEntry>;
}

/** Something that was refused; a problem at its place says why. Checks pass over it. */
export interface BrokenNode extends Span {
  readonly kind: 'broken';
}

/** A document's values with their places, the same for YAML and JSON. */
export type LocatedNode = ScalarNode | ListNode | MapNode | BrokenNode;

/** A problem of the text itself, at an offset. */
export interface TextProblem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly offset: number;
}

/** More problems than this are not looked for: a flood helps nobody and costs time. */
export const PROBLEM_CAP = 100;

/** Collects the problems of a text, up to the cap. */
export class TextProblems {
  readonly list: TextProblem[] = [];

  get full(): boolean {
    return this.list.length >= PROBLEM_CAP;
  }

  /** Adds a problem in the register's words. */
  add(code: ErrorCode, offset: number, details: JsonObject = {}, hint: string | undefined = REGISTER[code].hint): void {
    this.say(code, offset, messageOf(code, details), hint);
  }

  /** Adds a problem in its own words. */
  say(code: ErrorCode, offset: number, message: string, hint?: string): void {
    if (!this.full) this.list.push({ code, message, offset, ...(hint === undefined ? {} : { hint }) });
  }
}

/** The plain data of a tree. Broken parts stand as null. */
export function dataOf(node: LocatedNode): JsonValue {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'broken':
      return null;
    case 'list':
      return node.items.map(dataOf);
    case 'map': {
      const data: JsonObject = {};
      for (const [key, entry] of node.entries) data[key] = dataOf(entry.value);
      return data;
    }
  }
}

/** What stands at a path, or the nearest thing above it that exists. */
export interface Found {
  readonly node: LocatedNode;
  /** The key that leads to `node`; absent at the root and in lists. */
  readonly key?: Span;
  /** Whether the whole path was there. */
  readonly exact: boolean;
}

export function findPath(root: LocatedNode, path: DocumentPath): Found {
  let found: Found = { node: root, exact: true };
  for (const step of path) {
    const next = stepInto(found.node, step);
    if (next === undefined) return { ...found, exact: false };
    found = next;
  }
  return found;
}

/** The path to the smallest value around an offset. */
export function pathAt(root: LocatedNode, offset: number): DocumentPath {
  const path: (string | number)[] = [];
  let node: LocatedNode | undefined = root;
  while (node !== undefined) {
    const inner = childAt(node, offset);
    if (inner === undefined) return path;
    path.push(inner.step);
    node = inner.node;
  }
  return path;
}

function childAt(node: LocatedNode, offset: number): { readonly step: string | number; readonly node: LocatedNode } | undefined {
  if (node.kind === 'list') {
    const step = node.items.findIndex((item) => item.start <= offset && offset <= item.end);
    const item = node.items[step];
    return item === undefined ? undefined : { step, node: item };
  }
  if (node.kind === 'map') {
    for (const [step, { key, value }] of node.entries) {
      if (key.start <= offset && offset < Math.max(key.end, value.end)) return { step, node: value };
    }
  }
  return undefined;
}

function stepInto(node: LocatedNode, step: string | number): Found | undefined {
  if (node.kind === 'list' && typeof step === 'number') {
    const item = node.items[step];
    return item === undefined ? undefined : { node: item, exact: true };
  }
  if (node.kind === 'map') {
    const entry = node.entries.get(String(step));
    return entry === undefined ? undefined : { node: entry.value, key: entry.key, exact: true };
  }
  return undefined;
}

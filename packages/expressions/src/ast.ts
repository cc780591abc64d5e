/**
 * A parsed expression. Treat it as opaque: `referencesOf`, `callsOf` and `evaluate` read it.
 * Offsets and lengths are UTF-16 units in the text that was parsed.
 */
export interface Expression {
  /** The expression as written, without `${{ }}` and surrounding white space. */
  readonly source: string;
  /** Where `source` starts in the text that was parsed. */
  readonly offset: number;
  readonly root: Node;
}

interface Place {
  readonly offset: number;
  readonly length: number;
}

/** Chains of equal rank are flat lists, so only brackets, calls and `!` make a tree deeper. */
export type Node = Literal | Name | Path | Call | Not | Logical | Comparison;

interface Literal extends Place {
  readonly kind: 'literal';
  /** Numbers may be `NaN` or infinite here. */
  readonly value: null | boolean | number | string;
}

/** A context by its name. */
interface Name extends Place {
  readonly kind: 'name';
  readonly name: string;
}

export interface Path extends Place {
  readonly kind: 'path';
  readonly base: Node;
  readonly steps: readonly PathStep[];
}

export type PathStep =
  | { readonly kind: 'property'; readonly name: string }
  | { readonly kind: 'index'; readonly index: Node }
  | { readonly kind: 'filter' };

export interface Call extends Place {
  readonly kind: 'call';
  /** As the language spells it, whatever case was written. */
  readonly name: FunctionName;
  readonly args: readonly Node[];
}

interface Not extends Place {
  readonly kind: 'not';
  readonly operand: Node;
}

export interface Logical extends Place {
  readonly kind: 'logical';
  readonly operator: '&&' | '||';
  readonly operands: readonly Node[];
}

export type Comparator = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** `first op operand op operand …`, from left to right. */
export interface Comparison extends Place {
  readonly kind: 'comparison';
  readonly first: Node;
  readonly rest: readonly { readonly operator: Comparator; readonly operand: Node }[];
}

export type FunctionName =
  | 'contains'
  | 'startsWith'
  | 'endsWith'
  | 'format'
  | 'join'
  | 'toJSON'
  | 'fromJSON'
  | 'hashFiles'
  | 'case'
  | 'success'
  | 'failure'
  | 'always'
  | 'cancelled';

import type { ErrorCode } from './error-codes.js';

/** Steps from the root of a document to a node: property names and list indexes. */
export type DocumentPath = readonly (string | number)[];

/** One problem of a document before it has a place in the text: what a check that knows no file says. */
export interface Finding {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly path: DocumentPath;
  /** Whether the problem is the key at `path` rather than its value. */
  readonly atKey?: boolean;
  /** Where in the text of the scalar at `path` the problem starts, in UTF-16 units. */
  readonly offset?: number;
  readonly severity?: Severity;
}

/** `error` refuses the document; `warning` is shown and lets it run. */
export type Severity = 'error' | 'warning';

/** One problem of a document, with its place. Lines and columns count from 1. */
export interface Diagnostic {
  readonly code: ErrorCode;
  readonly severity: Severity;
  readonly message: string;
  readonly hint?: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
}

/** A checked value, or everything wrong with it. Warnings can come with a value. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T; readonly diagnostics: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

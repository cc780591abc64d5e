import type { JsonValue } from '@kb-labs/contracts';

/** What an expression can see. */
export interface Scope {
  /** Contexts by name. One that is absent or `undefined` reads as null. */
  readonly contexts: Readonly<Record<string, JsonValue | undefined>>;
  /** Absent: an expression that calls a status function fails. */
  readonly status?: StatusFunctions;
  /** The digest of the files that match; absent: an expression that calls `hashFiles` fails. */
  readonly hashFiles?: (patterns: readonly string[]) => string;
}

/** How things went so far. `names` are the jobs asked about; none: all that matter at this place. */
export interface StatusFunctions {
  success(names: readonly string[]): boolean;
  failure(names: readonly string[]): boolean;
  always(): boolean;
  cancelled(): boolean;
}

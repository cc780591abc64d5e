import type { JsonValue } from './json.js';

/** The rule that put a node where it is. */
export type ReasonRule =
  /** Its `if` was false. */
  | 'condition'
  /** No `if`, and something it needs did not succeed. */
  | 'needs'
  /** The run was cancelled. */
  | 'cancelled'
  /** An earlier step of the job did not succeed. */
  | 'earlier-step'
  /** The wait before another try. */
  | 'retry'
  /** It kept ending its worker. */
  | 'quarantine'
  /** Nobody is carrying the run on. */
  | 'no-worker'
  /** A time limit ran out. */
  | 'timeout'
  /** It waits for its turn in a concurrency group, or made way for another there. */
  | 'concurrency'
  /** Another combination of its matrix failed. */
  | 'fail-fast'
  /** The matrix has no combination, or lets no more run at once. */
  | 'matrix'
  /** Somebody has to approve. */
  | 'approval'
  /** A durable timer. */
  | 'timer'
  /** A signal or a callback has to come. */
  | 'signal'
  /** A run that it called is not over. */
  | 'child'
  /** A gate sent the job back. */
  | 'gate'
  /** A hook that is not for this outcome. */
  | 'hook'
  /** Its result was taken over from an earlier run. */
  | 'kept';

/** Why a node waits, was skipped or ended as it did: the rule, and the values that decided. */
export interface Reason {
  readonly rule: ReasonRule;
  /** One sentence for people. */
  readonly message: string;
  /** The condition as written. */
  readonly expression?: string;
  /** The references that decided, with their values: `needs.build.result` → `"failed"`. */
  readonly values?: Readonly<Record<string, JsonValue>>;
  /** When a wait ends, in milliseconds since the epoch. */
  readonly dueAt?: number;
}

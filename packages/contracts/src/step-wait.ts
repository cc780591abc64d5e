import type { RunId } from './ids.js';
import type { JsonObject, JsonValue } from './json.js';
import type { RunError } from './run-error.js';
import type { TerminalRunStatus } from './status.js';

/** What a step waits for without a worker. Instants are milliseconds since the epoch. */
export type StepWait =
  | { readonly kind: 'timer'; readonly dueAt: number }
  | ApprovalWait
  | ({ readonly kind: 'signal'; readonly name: string } & WaitLimit)
  | ({ readonly kind: 'callback' } & WaitLimit)
  | ({ readonly kind: 'child'; readonly runId: RunId } & WaitLimit);

/** The end of a wait, and how long that was from its beginning; neither when it has no end. */
interface WaitLimit {
  readonly expiresAt?: number;
  readonly limitMs?: number;
}

export interface ApprovalWait extends WaitLimit {
  readonly kind: 'approval';
  readonly title: string;
  readonly instructions?: string;
  /** What is to be approved, as shown. */
  readonly context?: JsonValue;
  /** Who may decide; anybody when left out. */
  readonly approvers?: readonly string[];
  /** A JSON Schema of the answers that go with an approval. */
  readonly form?: JsonObject;
  /** Whoever started the run may not approve. */
  readonly preventSelfApproval?: true;
  /** Digest of everything that is shown. A decision names it, so that nobody approves what they have not seen. */
  readonly subject: string;
}

/** How a wait was answered from outside. */
export type StepAnswer =
  | {
      readonly kind: 'approval';
      readonly decision: 'approved' | 'rejected';
      readonly by: string;
      readonly at: number;
      readonly comment?: string;
      readonly data?: JsonObject;
      /** Of what was decided on. */
      readonly subject: string;
    }
  | { readonly kind: 'signal' | 'callback'; readonly payload: JsonValue; readonly by: string }
  | { readonly kind: 'child'; readonly runId: RunId; readonly status: TerminalRunStatus; readonly outputs: JsonObject; readonly error?: RunError };

/** When a wait is over by itself; `undefined`: never. */
export function waitEndsAt(wait: StepWait): number | undefined {
  return wait.kind === 'timer' ? wait.dueAt : wait.expiresAt;
}

import type { RunId, WorkerId } from '@kb-labs/contracts';

/** Fresh ids, injected. */
export interface Ids {
  runId(): RunId;
  workerId(): WorkerId;
  /** `ses-` and 26 digits. */
  sessionId(): string;
  /** `flow-` and 26 digits. */
  flowId(): string;
}

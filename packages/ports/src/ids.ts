import type { RunId, WorkerId } from '@kb-labs/contracts';

/** Fresh ids, injected. */
export interface Ids {
  runId(): RunId;
  workerId(): WorkerId;
}

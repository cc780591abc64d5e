import type { RunId } from '@kb-labs/contracts';

import type { CancelWatch } from './cancel-watch.js';
import type { Decider } from './decider.js';

/** What the jobs of one worker have in common. */
export interface JobShared {
  readonly states: Decider;
  readonly cancels: CancelWatch;
  /** Told of runs that were started apart from the tree of this one. */
  readonly onRunStarted: (runId: RunId) => void;
}

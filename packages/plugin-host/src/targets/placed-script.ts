import type { StepCall } from '@kb-labs/ports';

import type { ConfinedProgram, InnerProgram } from '../confine/confinement.js';
import type { RunningProcess } from '../process-tree/start-process.js';
import { roomOf, type Targets, watchedLimits } from './open-targets.js';
import { hasLimits, watchLimits } from './watch-limits.js';

/** A script that does not simply run: in a room, or within limits. */
export interface PlacedScript {
  /** `folder`: what the step has outside of its workspace. Absent: as it is. */
  readonly confine?: (inner: InnerProgram, folder: string) => Promise<ConfinedProgram>;
  /** Whether its output can be opened again by name: not through the pipes of another program. */
  readonly hasOwnPipes: boolean;
  /** Answers how to end watching. */
  readonly watch: (running: RunningProcess, onExceeded: (failure: Error) => void) => () => void;
}

/** A script has no context that could reach out for it: it has a network only when the document grants all of it. */
export function placedScript(call: StepCall, targets: Targets): PlacedScript {
  const { isolation, target } = call.placement;
  const limits = watchedLimits(call.placement);
  const watch: PlacedScript['watch'] = (running, onExceeded) => (hasLimits(limits) ? watchLimits(running, limits, onExceeded) : () => undefined);
  if (isolation !== 'sandbox' && isolation !== 'container') return { hasOwnPipes: true, watch };
  const network = call.permissions.network?.includes('*') === true;
  return {
    confine: (inner, folder) =>
      targets.confine(isolation, inner, { ...roomOf(call, target), workspaceAccess: 'write', readable: [], writable: [folder], network }),
    hasOwnPipes: isolation === 'sandbox',
    watch,
  };
}

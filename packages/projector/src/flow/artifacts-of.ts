import type { RunState } from '@kb-labs/contracts';

import { toRunView } from '../run-view.js';

export interface ScopedArtifact {
  readonly name: string;
  readonly digest: string;
  readonly job: string;
  readonly step: string | null;
}

export function artifactsOf(state: RunState): ScopedArtifact[] {
  return toRunView(state).artifacts.map(({ name, digest, job, step }) => ({ name, digest, job, step }));
}

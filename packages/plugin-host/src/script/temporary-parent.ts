import { tmpdir } from 'node:os';

import type { HostEnv } from '../process-tree/base-env.js';

/** Where temporary files go: as the script itself is told. */
export function temporaryParent(hostEnv: HostEnv): string {
  return hostEnv['TMPDIR'] ?? tmpdir();
}

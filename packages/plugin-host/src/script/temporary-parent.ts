import { tmpdir } from 'node:os';

import type { HostEnv } from '../process-tree/base-env.js';

/** That of the system. Asked for once: Node asks it each time for three variables, and for each of them as whom it runs. */
let ofSystem: string | undefined;

/** Where temporary files go: as the script itself is told. */
export function temporaryParent(hostEnv: HostEnv): string {
  return hostEnv['TMPDIR'] ?? (ofSystem ??= tmpdir());
}

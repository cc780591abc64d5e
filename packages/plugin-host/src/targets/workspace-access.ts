import type { Permissions } from '@kb-labs/contracts';

import type { Room } from '../confine/confinement.js';

export interface WorkspaceAccess {
  /** Of the handler itself: as far as it is granted as a whole. Narrower grants open what goes through the context. */
  readonly handler: Room['workspaceAccess'];
  /** Of the programs it starts. */
  readonly programs: Room['workspaceAccess'];
}

const EVERYTHING = '**';

/** How much of the workspace a confined command finds. Both the command's declaration and the document's grants must allow it. */
export function workspaceAccess(declared: Permissions, granted: Permissions): WorkspaceAccess {
  const files = [declared.fs, ...(granted.fs === undefined ? [] : [granted.fs])];
  const shells = [declared.shell, ...(granted.shell === undefined ? [] : [granted.shell])];
  const reads = files.every((fs) => fs?.read?.includes(EVERYTHING) === true);
  const writes = files.every((fs) => fs?.write?.includes(EVERYTHING) === true);
  const starts = shells.every((shell) => (Array.isArray(shell) ? shell.length > 0 : shell === true));
  const handler = writes ? 'write' : reads ? 'read' : 'none';
  return { handler, programs: starts ? 'write' : handler };
}

import type { Client } from '@kb-labs/client';

/** Where playbooks, flows and sessions are asked about: the state of the project, or a gateway. What both answer is the same. */
export interface RouteDesk extends Pick<Client, 'call' | 'follow'> {
  /** Sees to it that somebody carries on what these runs are part of. Absent where runs are the matter of others. */
  readonly carry?: (runIds: readonly string[]) => Promise<void>;
}

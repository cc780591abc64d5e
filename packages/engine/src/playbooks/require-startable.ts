import { type PlaybookManifest, type PlaybookRef, type ReleaseState, STARTABLE_STATES } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import { asManifest, type RecordDeps, requireVersion } from './playbook-record.js';

/**
 * The manifest of a version that can start flows. Fails with `PLAYBOOK_NOT_FOUND`, with `PLAYBOOK_DIGEST_MISMATCH`, also when what is stored
 * is no longer what its digest says, or with `PLAYBOOK_NOT_STARTABLE`.
 */
export async function requireStartable(deps: RecordDeps, ref: PlaybookRef, tenant: string): Promise<{ readonly manifest: PlaybookManifest; readonly state: ReleaseState }> {
  const { playbook_id: id, version, digest } = ref;
  const { stored, now } = await requireVersion(deps, { tenant, id, version, digest });
  if (!STARTABLE_STATES.includes(now.state)) throw new AppError('PLAYBOOK_NOT_STARTABLE', { id, version, state: now.state });
  return { manifest: asManifest(stored.manifest), state: now.state };
}

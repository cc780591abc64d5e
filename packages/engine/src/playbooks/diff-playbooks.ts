import type { JsonValue, PlaybookDiff, PlaybookRef } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { EngineDeps } from '../deps.js';
import { asManifest } from './playbook-record.js';
import { readPlaybook } from './read-playbook.js';
import { describeReach, type ReachDeps } from './reach.js';

export interface DiffPlaybooks {
  readonly from: { readonly id: string; readonly version: string };
  readonly to: { readonly id: string; readonly version: string };
  readonly tenant: string;
}

/**
 * What differs between two versions: in what they say, and in what the workflows they name would run here and now. What cannot be told is in
 * `problems`. Fails with `PLAYBOOK_NOT_FOUND`.
 */
export async function diffPlaybooks(deps: ReachDeps & Pick<EngineDeps, 'records'>, { from, to, tenant }: DiffPlaybooks): Promise<PlaybookDiff> {
  const { diffValues } = await import('@kb-labs/manifest');
  const before = await sideOf(deps, { ...from, tenant });
  const after = await sideOf(deps, { ...to, tenant });
  return {
    from: before.ref,
    to: after.ref,
    manifest: diffValues(before.manifest, after.manifest),
    reach: before.reach === undefined || after.reach === undefined ? [] : diffValues(before.reach, after.reach),
    problems: [...before.problems, ...after.problems],
  };
}

interface Side {
  readonly ref: PlaybookRef;
  readonly manifest: JsonValue;
  /** `undefined` when it cannot be told. */
  readonly reach: JsonValue | undefined;
  readonly problems: PlaybookDiff['problems'];
}

async function sideOf(deps: ReachDeps & Pick<EngineDeps, 'records'>, at: { id: string; version: string; tenant: string }): Promise<Side> {
  const { playbook_id, version, digest, manifest } = await readPlaybook(deps, at);
  const side = { ref: { playbook_id, version, digest }, manifest };
  const workflowId = asManifest(manifest).runtime_defaults?.workflow_id;
  try {
    return { ...side, reach: workflowId === undefined ? {} : { ...(await describeReach(deps, workflowId)) }, problems: [] };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ...side, reach: undefined, problems: [{ version, code: error.code, message: error.message }] };
  }
}

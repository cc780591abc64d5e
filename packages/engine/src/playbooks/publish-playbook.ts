import { type EvidenceRef, LIMITS, type PlaybookView, type ReleaseState } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { EngineDeps } from '../deps.js';
import { stopFlowsOf } from '../flows/cancel-flow.js';
import type { FlowDeps } from '../flows/flow-record.js';
import { changeRecord, RELEASE_KIND, releaseKey, requireVersion, type StoredChange, type StoredRelease } from './playbook-record.js';
import { readPlaybook } from './read-playbook.js';

type ReleaseDeps = Pick<EngineDeps, 'records' | 'clock'>;

interface Version {
  readonly id: string;
  readonly version: string;
  readonly digest: string;
  readonly tenant: string;
  readonly by: string;
}

export interface PublishPlaybook extends Version {
  readonly status: Exclude<ReleaseState, 'draft' | 'revoked'>;
  readonly evidenceRefs: readonly EvidenceRef[];
}

/**
 * Lets a version start flows. There is one active version of a playbook: the former becomes verified in the same write. What it is
 * already is said again when there is new evidence. Fails with `PLAYBOOK_NOT_FOUND`, `PLAYBOOK_DIGEST_MISMATCH`, `PLAYBOOK_EVIDENCE_MISSING`
 * or `PLAYBOOK_TRANSITION`.
 */
export async function publishPlaybook(deps: ReleaseDeps, command: PublishPlaybook): Promise<PlaybookView> {
  if (command.evidenceRefs.length === 0) throw new AppError('PLAYBOOK_EVIDENCE_MISSING');
  if (command.evidenceRefs.length > LIMITS.playbookItems) throw new AppError('USAGE', { problem: `at most ${String(LIMITS.playbookItems)} evidence references are given at once` });
  return change(deps, command, { to: command.status, evidenceRefs: command.evidenceRefs, reason: null });
}

const REASON_LENGTH = 4_096;

export interface RevokePlaybook extends Version {
  readonly reason: string;
  /** Cancels the flows of the version that have not ended. Left out: they go on. */
  readonly stopRunning?: boolean;
}

/**
 * Lets a version start no flows any more, for ever. A second time changes nothing, but for flows that are to be stopped and were not. Fails as
 * publishing does.
 */
export async function revokePlaybook(deps: FlowDeps, command: RevokePlaybook): Promise<PlaybookView> {
  if (command.reason.length === 0 || command.reason.length > REASON_LENGTH) throw new AppError('USAGE', { problem: `a reason has 1 to ${String(REASON_LENGTH)} characters` });
  const view = await change(deps, command, { to: 'revoked', evidenceRefs: [], reason: command.reason });
  const { id: playbook_id, version, tenant, by, reason, stopRunning = false } = command;
  if (stopRunning) await stopFlowsOf(deps, { playbook_id, version }, { tenant, by, reason });
  return view;
}

async function change(deps: ReleaseDeps, at: Version, { to, evidenceRefs, reason }: Pick<StoredChange, 'to' | 'evidenceRefs' | 'reason'>): Promise<PlaybookView> {
  const { tenant, id, version, by } = at;
  const { mayBecome } = await import('@kb-labs/manifest');
  for (;;) {
    const { release, now } = await requireVersion(deps, at);
    const view = (): Promise<PlaybookView> => readPlaybook(deps, { id, version, tenant });
    if (now.state === to && (to === 'revoked' || (await saysTheSame(view, evidenceRefs)))) return view();
    if (!mayBecome(now.state, to)) throw new AppError('PLAYBOOK_TRANSITION', { from: now.state, to });
    const instant = deps.clock.now();
    const former = to === 'active' ? Object.entries(release.value).find(([name, { state }]) => name !== version && state === 'active') : undefined;
    const stepsDown = former === undefined ? {} : { [former[0]]: { ...former[1], state: 'verified' as const, changes: former[1].changes + 1 } };
    const releasedAt = to === 'revoked' ? now.releasedAt : (now.releasedAt ?? instant);
    const versions: StoredRelease = { ...release.value, ...stepsDown, [version]: { ...now, state: to, releasedAt, changes: now.changes + 1 } };
    const written = await deps.records.write([
      RELEASE_KIND.put(releaseKey(tenant, id), versions, { expected: release.version }),
      changeRecord({ tenant, id, version, n: now.changes + 1 }, { from: now.state, to, at: instant, by, evidenceRefs, reason }),
      ...(former === undefined
        ? []
        : [changeRecord({ tenant, id, version: former[0], n: former[1].changes + 1 }, { from: 'active', to: 'verified', at: instant, by, evidenceRefs: [], reason: `version ${version} became the active one` })]),
    ]);
    if (written) return view();
  }
}

/** A retry of the same request adds no line to the history. */
async function saysTheSame(read: () => Promise<PlaybookView>, evidenceRefs: readonly EvidenceRef[]): Promise<boolean> {
  const last = (await read()).history.at(-1);
  return JSON.stringify(last?.evidence_refs) === JSON.stringify(evidenceRefs);
}

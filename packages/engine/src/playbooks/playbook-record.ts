import { type EvidenceRef, type JsonObject, PLAYBOOK_DIGEST_TYPE, type PlaybookManifest, type PlaybookSummaryView, type ReleaseChange, type ReleaseState, STARTABLE_STATES } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { RecordChange } from '@kb-labs/ports';

import type { EngineDeps } from '../deps.js';
import { RecordKind } from '../record-kind.js';

/** `<tenant>/<id>/<version>`: a manifest, written once. */
export const PLAYBOOK_KIND = new RecordKind<StoredPlaybook>('playbook');
/** `<tenant>/<id>`: how the versions of a playbook stand. One record, so that there is never more than one active version. */
export const RELEASE_KIND = new RecordKind<StoredRelease>('playbook-release');
/** `<tenant>/<id>/<version>/<n>`: one change of a version, written once. */
const CHANGE_KIND = new RecordKind<StoredChange>('playbook-change');

/** A manifest as stored. Times are ms since the epoch. */
export interface StoredPlaybook {
  readonly manifest: JsonObject;
  readonly digest: string;
  readonly createdAt: number;
  readonly createdBy: string;
}

export interface StoredVersion {
  /** The versions of a playbook in the order they were made, from 1. */
  readonly n: number;
  readonly digest: string;
  readonly state: ReleaseState;
  readonly releasedAt: number | null;
  /** How often it was changed. */
  readonly changes: number;
}

/** By version. */
export type StoredRelease = Readonly<Record<string, StoredVersion>>;

export interface StoredChange {
  readonly from: ReleaseState | null;
  readonly to: ReleaseState;
  readonly at: number;
  readonly by: string;
  readonly evidenceRefs: readonly EvidenceRef[];
  readonly reason: string | null;
}

export type RecordDeps = Pick<EngineDeps, 'records'>;

export const playbookKey = (tenant: string, id: string, version: string): string => `${tenant}/${id}/${version}`;
export const releaseKey = (tenant: string, id: string): string => `${tenant}/${id}`;

export async function readStored({ records }: RecordDeps, { tenant, id, version }: { tenant: string; id: string; version: string }): Promise<StoredPlaybook | undefined> {
  return (await PLAYBOOK_KIND.get(records, playbookKey(tenant, id, version)))?.value;
}

export async function readRelease({ records }: RecordDeps, tenant: string, id: string): Promise<{ readonly version: number; readonly value: StoredRelease }> {
  return (await RELEASE_KIND.get(records, releaseKey(tenant, id))) ?? { version: 0, value: {} };
}

/** The write of one change. It fails when that number of the version is taken already. */
export function changeRecord(at: { tenant: string; id: string; version: string; n: number }, change: StoredChange): RecordChange {
  return CHANGE_KIND.put(`${playbookKey(at.tenant, at.id, at.version)}/${numbered(at.n)}`, change, { expected: 0 });
}

/** All changes of a version, the oldest first. */
export async function readChanges({ records }: RecordDeps, at: { tenant: string; id: string; version: string }): Promise<ReleaseChange[]> {
  const prefix = `${playbookKey(at.tenant, at.id, at.version)}/`;
  const changes: ReleaseChange[] = [];
  for await (const { value } of CHANGE_KIND.each(records, { prefix, pageSize: 200 })) {
    const { at: instant, evidenceRefs, ...change } = value;
    changes.push({ ...change, at: new Date(instant).toISOString(), evidence_refs: evidenceRefs });
  }
  return changes;
}

/** As the schema has it. What is kept was held to that when it came, and its digest is what it was then. */
export function asManifest(kept: JsonObject): PlaybookManifest {
  return kept as unknown as PlaybookManifest;
}

export function toSummary(stored: StoredPlaybook, version: StoredVersion): PlaybookSummaryView {
  const { playbook_id, version: name, title } = asManifest(stored.manifest);
  return {
    playbook_id,
    version: name,
    digest: stored.digest,
    title,
    status: version.state,
    startable: STARTABLE_STATES.includes(version.state),
    created_at: new Date(stored.createdAt).toISOString(),
    created_by: stored.createdBy,
    released_at: version.releasedAt === null ? null : new Date(version.releasedAt).toISOString(),
  };
}

/**
 * The version, when it is there and is the one with this digest: the stored text is measured again. Fails with `PLAYBOOK_NOT_FOUND` or
 * `PLAYBOOK_DIGEST_MISMATCH`.
 */
export async function requireVersion(
  deps: RecordDeps,
  { tenant, id, version, digest }: { readonly tenant: string; readonly id: string; readonly version: string; readonly digest: string },
): Promise<{ readonly stored: StoredPlaybook; readonly release: { readonly version: number; readonly value: StoredRelease }; readonly now: StoredVersion }> {
  const stored = await readStored(deps, { tenant, id, version });
  const release = await readRelease(deps, tenant, id);
  const now = stateOf(release.value, version);
  if (stored === undefined || now === undefined) throw new AppError('PLAYBOOK_NOT_FOUND', { id: `${id} in version ${version}` });
  const { contentDigest } = await import('@kb-labs/digest');
  const actual = contentDigest(PLAYBOOK_DIGEST_TYPE, stored.manifest);
  const other = [actual, stored.digest, now.digest].find((one) => one !== digest);
  if (other !== undefined) throw new AppError('PLAYBOOK_DIGEST_MISMATCH', { id, version, digest: other });
  return { stored, release, now };
}

export function stateOf(release: StoredRelease, version: string): StoredVersion | undefined {
  return Object.hasOwn(release, version) ? release[version] : undefined;
}

/** In the order of the numbers. */
function numbered(n: number): string {
  return String(n).padStart(6, '0');
}

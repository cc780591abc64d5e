import { type JsonObject, type JsonValue, LIMITS, type PlaybookView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { PlaybookDocument } from '@kb-labs/manifest';

import type { EngineDeps } from '../deps.js';
import { refuseReserved } from '../sessions/refuse-reserved.js';
import { changeRecord, PLAYBOOK_KIND, playbookKey, readRelease, readStored, RELEASE_KIND, releaseKey, type StoredPlaybook, type StoredRelease } from './playbook-record.js';
import { readPlaybook } from './read-playbook.js';

export interface CreatePlaybook {
  /** As written: what the digest is of. */
  readonly manifest: JsonObject;
  readonly tenant: string;
  readonly by: string;
}

type CreateDeps = Pick<EngineDeps, 'records' | 'clock'>;

/**
 * Keeps a version, as a draft. The same manifest again changes nothing; another one under the same version fails with `PLAYBOOK_CONFLICT`, one that
 * does not fit with `PLAYBOOK_INVALID`, whose details hold the diagnostics. Fails with `RESERVED_KEY` too.
 */
export async function createPlaybook(deps: CreateDeps, { manifest, tenant, by }: CreatePlaybook): Promise<{ readonly playbook: PlaybookView; readonly created: boolean }> {
  refuseReserved({ manifest });
  // What came as a value is held to the limits of what is written: its text is read like a file.
  const { data, digest, manifest: checked } = await requireDocument(JSON.stringify(manifest));
  const { playbook_id: id, version } = checked;
  for (;;) {
    const known = await readStored(deps, { tenant, id, version });
    if (known !== undefined) {
      if (known.digest !== digest) throw new AppError('PLAYBOOK_CONFLICT', { id, version });
      return { playbook: await readPlaybook(deps, { id, version, tenant }), created: false };
    }
    const release = await readRelease(deps, tenant, id);
    if (Object.keys(release.value).length >= LIMITS.playbookVersions) throw new AppError('USAGE', { problem: `a playbook has at most ${String(LIMITS.playbookVersions)} versions` });
    const at = deps.clock.now();
    const stored: StoredPlaybook = { manifest: data, digest, createdAt: at, createdBy: by };
    const versions: StoredRelease = { ...release.value, [version]: { n: Object.keys(release.value).length + 1, digest, state: 'draft', releasedAt: null, changes: 1 } };
    const written = await deps.records.write([
      PLAYBOOK_KIND.put(playbookKey(tenant, id, version), stored, { expected: 0 }),
      RELEASE_KIND.put(releaseKey(tenant, id), versions, { expected: release.version }),
      changeRecord({ tenant, id, version, n: 1 }, { from: null, to: 'draft', at, by, evidenceRefs: [], reason: null }),
    ]);
    if (written) return { playbook: await readPlaybook(deps, { id, version, tenant }), created: true };
  }
}

async function requireDocument(text: string): Promise<PlaybookDocument> {
  const { readPlaybook: readManifest } = await import('@kb-labs/manifest');
  const read = readManifest({ text, file: 'manifest.json' });
  if (read.ok) return read.value;
  const [first] = read.diagnostics;
  const problem = first === undefined ? 'it does not fit' : `${first.path === undefined ? '' : `${first.path}: `}${first.message}`;
  throw new AppError('PLAYBOOK_INVALID', { problem, diagnostics: read.diagnostics.map((one): JsonValue => ({ ...one })) }, first?.hint === undefined ? {} : { hint: first.hint });
}

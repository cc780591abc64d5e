import { LIMITS, type Page, type PlaybookSummaryView, type PlaybookView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import { pageLimit } from '../page-limit.js';
import { PLAYBOOK_KIND, readChanges, readRelease, readStored, type RecordDeps, stateOf, type StoredRelease, toSummary } from './playbook-record.js';

/**
 * A version of a playbook. Without one: the active one, else the newest that can start flows, else the newest. Fails with `PLAYBOOK_NOT_FOUND`.
 */
export async function readPlaybook(deps: RecordDeps, { id, version, tenant }: { readonly id: string; readonly version?: string; readonly tenant: string }): Promise<PlaybookView> {
  const release = (await readRelease(deps, tenant, id)).value;
  const chosen = version ?? usual(release);
  const stored = chosen === undefined ? undefined : await readStored(deps, { tenant, id, version: chosen });
  const now = chosen === undefined ? undefined : stateOf(release, chosen);
  if (chosen === undefined || stored === undefined || now === undefined) throw new AppError('PLAYBOOK_NOT_FOUND', { id: version === undefined ? id : `${id} in version ${version}` });
  return { ...toSummary(stored, now), manifest: stored.manifest, history: await readChanges(deps, { tenant, id, version: chosen }) };
}

export interface ListPlaybooks {
  readonly tenant: string;
  /** Only versions of this one. */
  readonly id?: string;
  /** Of an earlier page. */
  readonly cursor?: string;
  /** 1 to 200, 20 when left out. */
  readonly limit?: number;
}

/** Versions of playbooks, by id and version. */
export async function listPlaybooks(deps: RecordDeps, { tenant, id, cursor, limit: asked }: ListPlaybooks): Promise<Page<PlaybookSummaryView>> {
  const limit = pageLimit(asked);
  if (cursor !== undefined && cursor.length > LIMITS.recordKeyBytes / 2) throw new AppError('USAGE', { problem: 'that is no cursor of a page' });
  const prefix = id === undefined ? `${tenant}/` : `${tenant}/${id}/`;
  const found = await PLAYBOOK_KIND.list(deps.records, { prefix, limit: limit + 1, ...(cursor === undefined ? {} : { after: `${tenant}/${cursor}` }) });
  const releases = new Map<string, StoredRelease>();
  const items: PlaybookSummaryView[] = [];
  for (const { key, value } of found.slice(0, limit)) {
    const [, of = '', version = ''] = key.split('/');
    const release = releases.get(of) ?? (await readRelease(deps, tenant, of)).value;
    releases.set(of, release);
    const now = stateOf(release, version);
    if (now !== undefined) items.push(toSummary(value, now));
  }
  const last = found.length > limit ? found[limit - 1] : undefined;
  return { items, ...(last === undefined ? {} : { nextCursor: last.key.slice(tenant.length + 1) }) };
}

function usual(release: StoredRelease): string | undefined {
  const all = Object.entries(release).toSorted(([, a], [, b]) => a.n - b.n);
  const active = all.find(([, { state }]) => state === 'active');
  const startable = all.findLast(([, { state }]) => state === 'verified' || state === 'canary');
  return (active ?? startable ?? all.at(-1))?.[0];
}

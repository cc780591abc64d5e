import { AUDIT_START, type AuditCheck, type AuditEntry, type AuditHead, isJsonObject } from '@kb-labs/contracts';
import { bytesDigest } from '@kb-labs/digest';
import type { Records } from '@kb-labs/ports';

import type { EngineDeps } from './deps.js';
import { AUDIT_HEAD_KEY, AUDIT_HEAD_KIND, AUDIT_KIND, AUDIT_OF_TENANT_KIND, hashOfRow, rowKey } from './record-audit.js';
import { type Kept, splitKey } from './record-kind.js';

const PAGE = 500;
const FIELDS = ['action', 'actor', 'at', 'details', 'hash', 'outcome', 'previous', 'seq', 'target', 'tenant'].join();

export interface VerifyAudit {
  /** A row as it was noted elsewhere: the log must still have it. */
  readonly expect?: AuditHead;
}

/**
 * Checks the whole chain, page by page, up to the row that was the last when it began: numbers, hashes, the head, and the
 * lists by tenant. A row that was removed, altered, moved or put in is found, and so is a tail that was cut off. Somebody who
 * can write to the state and makes every hash anew, head included, leaves a chain that holds: only a row noted elsewhere
 * (`expect`) tells it from the real one.
 */
export async function verifyAudit({ records }: Pick<EngineDeps, 'records'>, { expect }: VerifyAudit = {}): Promise<AuditCheck> {
  const stored = await AUDIT_HEAD_KIND.get(records, AUDIT_HEAD_KEY);
  const head = stored === undefined ? { seq: 0, hash: AUDIT_START } : readHead(stored.value);
  const broken = (seq: number, message: string): AuditCheck => ({ intact: false, rows: Math.max(0, seq - 1), head: stored === undefined ? null : head ?? null, problem: { seq, message } });
  if (head === undefined) return broken(0, 'what names the last row cannot be read');
  if (stored !== undefined && head.seq === 0) return broken(0, 'the last row is said to be none');
  if (expect !== undefined && expect.seq > head.seq) return broken(head.seq, `the log ends here, and row ${String(expect.seq)} is expected`);

  const lists = new Map<string, string>();
  let last = { seq: 0, hash: AUDIT_START };
  for await (const record of rowsUpTo(records, head.seq)) {
    const seq = last.seq + 1;
    const row = isRow(record.value) ? record.value : undefined;
    if (record.key !== rowKey(seq)) return broken(seq, record.key > rowKey(seq) ? 'the row is missing' : `a row stands here that does not belong: ${record.key}`);
    if (row?.seq !== seq) return broken(seq, 'the row was altered');
    if (row.previous !== last.hash) return broken(seq, 'the row does not follow the one before');
    if (row.hash !== hashIfAny(row)) return broken(seq, 'the row was altered');
    if (expect?.seq === seq && expect.hash !== row.hash) return broken(seq, 'the row is not the expected one');
    lists.set(row.tenant, addTo(lists.get(row.tenant), record.key));
    last = { seq, hash: row.hash };
  }
  if (last.seq < head.seq) return broken(last.seq + 1, 'the row is missing');
  if (last.hash !== head.hash) return broken(head.seq, 'the last row is not the one that is said to be the last');
  const planted = await rowBehind(records, head);
  if (planted !== undefined) return broken(head.seq + 1, `a row stands behind the last one: ${planted}`);
  const unlisted = await checkLists(records, lists, head.seq);
  if (unlisted !== undefined) return { intact: false, rows: last.seq, head, problem: { seq: 0, message: unlisted } };
  return { intact: true, rows: last.seq, head: stored === undefined ? null : head };
}

/** Everything whose key sorts before the end, whatever it looks like. */
async function* rowsUpTo(records: Records, end: number): AsyncGenerator<Kept<unknown>> {
  for await (const record of AUDIT_KIND.each(records, { pageSize: PAGE })) {
    if (record.key > rowKey(end)) return;
    yield record;
  }
}

/** What was appended meanwhile is named by a later head; anything else was not appended. */
async function rowBehind(records: Records, head: AuditHead): Promise<string | undefined> {
  const [newest] = await AUDIT_KIND.list(records, { after: rowKey(head.seq), descending: false, limit: 1 });
  if (newest === undefined) return undefined;
  const [farthest] = await AUDIT_KIND.list(records, { descending: true, limit: 1 });
  const stored = await AUDIT_HEAD_KIND.get(records, AUDIT_HEAD_KEY);
  const now = stored === undefined ? undefined : readHead(stored.value);
  const behind = farthest?.key ?? newest.key;
  return now !== undefined && behind <= rowKey(now.seq) ? undefined : behind;
}

/** The list of each tenant names the rows the chain has of it, no more and no fewer. */
async function checkLists(records: Records, expected: ReadonlyMap<string, string>, end: number): Promise<string | undefined> {
  const found = new Map<string, string>();
  for await (const { key } of AUDIT_OF_TENANT_KIND.each(records, { pageSize: PAGE })) {
    const { tenant, name: seq } = splitKey(key);
    if (seq <= rowKey(end)) found.set(tenant, addTo(found.get(tenant), seq));
  }
  for (const tenant of new Set([...expected.keys(), ...found.keys()])) {
    if (expected.get(tenant) !== found.get(tenant)) return `the list of the tenant "${tenant}" does not name its rows`;
  }
  return undefined;
}

/** Keeps a list of any length as one digest. */
function addTo(digest: string | undefined, key: string): string {
  return bytesDigest(Buffer.from(`${digest ?? ''}\n${key}`));
}

function readHead(value: unknown): AuditHead | undefined {
  if (!isJsonObject(value)) return undefined;
  const { seq, hash } = value;
  return typeof seq === 'number' && Number.isSafeInteger(seq) && seq >= 0 && typeof hash === 'string' ? { seq, hash } : undefined;
}

/** A row with exactly the fields of one; their values are the matter of its hash. */
function isRow(value: unknown): value is AuditEntry {
  return isJsonObject(value) && Object.keys(value).toSorted().join() === FIELDS;
}

function hashIfAny({ hash: _, ...row }: AuditEntry): string | undefined {
  try {
    return hashOfRow(row);
  } catch {
    return undefined;
  }
}

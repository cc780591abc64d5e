import { AUDIT_START, type AuditEntry, type AuditHead, type JsonObject, type JsonValue, type NewAuditEntry } from '@kb-labs/contracts';
import { contentDigest } from '@kb-labs/digest';
import { AppError } from '@kb-labs/errors';
import type { RecordChange, RecordWriteOptions } from '@kb-labs/ports';

import type { EngineDeps } from './deps.js';
import { RecordKind } from './record-kind.js';

/** A row by its number, in digits that sort as they count. */
export const AUDIT_KIND = new RecordKind<AuditEntry>('audit');
/** `<tenant>/<number>`: the rows of a tenant. */
export const AUDIT_OF_TENANT_KIND = new RecordKind<null>('audit-of');
/** The last row, under one key. Whoever appends has to have seen it. */
export const AUDIT_HEAD_KIND = new RecordKind<AuditHead>('audit-head');
export const AUDIT_HEAD_KEY = 'head';

const ROWS_AT_ONCE = 100;
const DETAIL_BYTES = 8 * 1024;
const TEXT_LENGTH = 1_024;
const TRIES = 200;

type AuditDeps = Pick<EngineDeps, 'records' | 'clock'>;

export interface AuditWriter {
  /**
   * Durable when it resolves, unless it need not wait for the disk (`RecordWriteOptions`). Rows asked for while others are written go with the next
   * write, all at once.
   */
  record(entry: NewAuditEntry, options?: RecordWriteOptions): Promise<AuditEntry>;
}

/** Appends one row to the audit log. */
export function recordAudit(deps: AuditDeps, entry: NewAuditEntry): Promise<AuditEntry> {
  return createAuditWriter(deps).record(entry);
}

interface Pending {
  readonly entry: NewAuditEntry;
  readonly at: string;
  readonly waitsForDisk: boolean;
  readonly resolve: (row: AuditEntry) => void;
  readonly reject: (error: unknown) => void;
}

/** Appends rows for a process that has many. Several processes can write at once: one of them is first, and the others chain on to it. */
export function createAuditWriter(deps: AuditDeps): AuditWriter {
  const pending: Pending[] = [];
  let working = false;
  const work = async (): Promise<void> => {
    working = true;
    while (pending.length > 0) {
      const batch = pending.splice(0, ROWS_AT_ONCE);
      try {
        const rows = await append(deps, batch);
        for (const [index, row] of rows.entries()) batch[index]?.resolve(row);
      } catch (error) {
        for (const one of batch) one.reject(error);
      }
    }
    working = false;
  };
  return {
    record: (entry, { waitsForDisk = true } = {}) =>
      new Promise((resolve, reject) => {
        pending.push({ entry: toPlain(entry), at: new Date(deps.clock.now()).toISOString(), waitsForDisk, resolve, reject });
        if (!working) void work();
      }),
  };
}

/** Of a row, over everything in it but itself. */
export function hashOfRow(row: Omit<AuditEntry, 'hash'>): string {
  return contentDigest('audit-entry', { ...row });
}

export function rowKey(seq: number): string {
  return String(seq).padStart(16, '0');
}

async function append({ records }: AuditDeps, batch: readonly Pending[]): Promise<AuditEntry[]> {
  const waitsForDisk = batch.some((row) => row.waitsForDisk);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const head = await AUDIT_HEAD_KIND.get(records, AUDIT_HEAD_KEY);
    const rows = chain(batch, head?.value ?? { seq: 0, hash: AUDIT_START });
    const last = rows.at(-1);
    if (last === undefined) return [];
    const changes: RecordChange[] = rows.flatMap((row): RecordChange[] => [
      AUDIT_KIND.put(rowKey(row.seq), row, { expected: 0 }),
      AUDIT_OF_TENANT_KIND.put(`${row.tenant}/${rowKey(row.seq)}`, null, { expected: 0 }),
    ]);
    changes.push(AUDIT_HEAD_KIND.put(AUDIT_HEAD_KEY, { seq: last.seq, hash: last.hash }, { expected: head?.version ?? 0 }));
    if (await records.write(changes, { waitsForDisk })) return rows;
    await refusePlanted(records, head?.version, rows);
  }
  throw new AppError('STATE_BUSY');
}

/** A write that was refused although nobody else has appended met a row where there must be none. */
async function refusePlanted(records: AuditDeps['records'], version: number | undefined, rows: readonly AuditEntry[]): Promise<void> {
  const now = await AUDIT_HEAD_KIND.get(records, AUDIT_HEAD_KEY);
  if (now?.version !== version) return;
  throw new AppError('AUDIT_BROKEN', { seq: rows[0]?.seq ?? 0, problem: 'a row stands behind the last one' });
}

function chain(batch: readonly Pending[], head: AuditHead): AuditEntry[] {
  let { seq, hash: previous } = head;
  return batch.map(({ entry, at }) => {
    seq += 1;
    const { actor, tenant, action, target, outcome, details = {} } = entry;
    const row = { seq, at, actor, tenant, action, target, outcome, details, previous };
    const whole = { ...row, hash: hashOfRow(row) };
    previous = whole.hash;
    return whole;
  });
}

/** What has no canonical form must not keep an act from being recorded: it is written in one that has. */
function toPlain(entry: NewAuditEntry): NewAuditEntry {
  const { details = {} } = entry;
  const text = JSON.stringify(details);
  const kept: JsonObject = Buffer.byteLength(text) > DETAIL_BYTES ? { shortened: text.slice(0, TEXT_LENGTH).toWellFormed() } : (plainValue(details) as JsonObject);
  return { ...entry, actor: plainText(entry.actor), target: plainText(entry.target), details: kept };
}

function plainText(text: string): string {
  return (text.length > TEXT_LENGTH ? `${text.slice(0, TEXT_LENGTH)}…` : text).toWellFormed();
}

function plainValue(value: JsonValue): JsonValue {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value) ? String(value) : value;
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key.toWellFormed(), plainValue(member)]));
}

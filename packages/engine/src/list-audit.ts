import type { AuditEntry, Page } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { EngineDeps } from './deps.js';
import { pageLimit } from './page-limit.js';
import { AUDIT_KIND, AUDIT_OF_TENANT_KIND } from './record-audit.js';

export interface ListAudit {
  /** Rows of all tenants when left out. */
  readonly tenant?: string;
  /** Of an earlier page. */
  readonly cursor?: string;
  /** 1 to 200, 20 when left out. */
  readonly limit?: number;
}

/** The audit log, newest first. */
export async function listAudit({ records }: Pick<EngineDeps, 'records'>, { tenant, cursor, limit: asked }: ListAudit): Promise<Page<AuditEntry>> {
  const limit = pageLimit(asked);
  if (cursor !== undefined && !/^\d{16}$/.test(cursor)) throw new AppError('USAGE', { problem: `"${cursor}" is no cursor of a page` });
  const page = { descending: true, limit: limit + 1 } as const;
  if (tenant === undefined) {
    const found = await AUDIT_KIND.list(records, { ...page, ...(cursor === undefined ? {} : { after: cursor }) });
    return toPage(found.map(({ key, value }) => ({ key, row: value })), limit);
  }
  const prefix = `${tenant}/`;
  const found = await AUDIT_OF_TENANT_KIND.list(records, { ...page, prefix, ...(cursor === undefined ? {} : { after: prefix + cursor }) });
  const rows = await Promise.all(
    found.map(async ({ key }) => {
      const seq = key.slice(prefix.length);
      return { key: seq, row: (await AUDIT_KIND.get(records, seq))?.value };
    }),
  );
  return toPage(rows, limit);
}

/** A row that is missing is the matter of those who check the log; a list goes on without it. */
function toPage(found: readonly { readonly key: string; readonly row: AuditEntry | undefined }[], limit: number): Page<AuditEntry> {
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.flatMap(({ row }) => (row === undefined ? [] : [row])), ...(found.length > limit && last !== undefined ? { nextCursor: last.key } : {}) };
}

import { isTerminalRun, RUN_STATUSES, type RunId, type RunStatus, type RunSummary } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Catalog, OpenWait, RunQuery, WaitQuery } from '@kb-labs/ports';

import { parseSummary, SUMMARY_FIELDS } from './journal.js';
import type { Keys } from './keys.js';
import type { Link } from './link.js';
import { LIST_WAITS } from './lua/installation-views.js';

export class RedisCatalog implements Catalog {
  readonly #link: Link;
  readonly #keys: Keys;

  constructor(link: Link, keys: Keys) {
    this.#link = link;
    this.#keys = keys;
  }

  listRuns(query: RunQuery): Promise<RunSummary[]> {
    return this.#link.operate(() => this.#listRuns(query));
  }

  getRun(runId: RunId): Promise<RunSummary | undefined> {
    return this.#link.operate(() => readSummary(this.#link, this.#keys, runId));
  }

  openRuns(page: { after?: RunId; limit: number }): Promise<RunId[]> {
    const from = page.after === undefined ? '-' : `(${page.after}`;
    return this.#link.operate(async () => (await this.#link.call('ZRANGE', this.#keys.open, from, '+', 'BYLEX', 'LIMIT', 0, Math.max(page.limit, 0))) as RunId[]);
  }

  countOpen(): Promise<Partial<Record<RunStatus, number>>> {
    return this.#link.operate(async () => {
      const statuses = RUN_STATUSES.filter((status) => !isTerminalRun(status));
      const counts = await Promise.all(statuses.map(async (status) => [status, Number(await this.#link.call('ZCARD', this.#keys.listOf({ status })))] as const));
      return Object.fromEntries(counts.filter(([, count]) => count > 0));
    });
  }

  listWaits(query: WaitQuery): Promise<OpenWait[]> {
    const { runId = '', kind = '', tenant = '', after = 0, limit } = query;
    // A name can be empty.
    const name = query.name === undefined ? '' : `=${query.name}`;
    return this.#link.operate(async () => {
      const reply = (await this.#link.run(LIST_WAITS, [this.#keys.base], [this.#link.now, after, Math.max(limit, 0), runId, name, kind, tenant])) as string[];
      return pairsOf(reply).map(([cursor, text]) => toOpenWait(cursor, text));
    });
  }

  /**
   * Walks one list from its newest end. A run whose row is ahead of the list by a moment is passed over, and more are read
   * in its place.
   */
  async #listRuns(query: RunQuery): Promise<RunSummary[]> {
    const list = this.#keys.listOf(query);
    const oldest = query.since === undefined ? '-' : await this.#oldestSince(query.since);
    if (oldest === undefined) return [];
    const newest = query.until === undefined ? undefined : await this.#newestUntil(query.until);
    if (query.until !== undefined && newest === undefined) return [];
    const found: RunSummary[] = [];
    let from = startOf(query.before, newest);
    while (found.length < query.limit) {
      const missing = query.limit - found.length;
      const ids = (await this.#link.call('ZRANGE', list, from, oldest, 'BYLEX', 'REV', 'LIMIT', 0, missing)) as RunId[];
      const rows = await Promise.all(ids.map((id) => readSummary(this.#link, this.#keys, id)));
      for (const row of rows) if (row !== undefined && fits(row, query)) found.push(row);
      if (ids.length < missing) break;
      from = `(${String(ids.at(-1))}`;
    }
    return found;
  }

  /** Ids sort by the time of creation, so the oldest run of a span of time ends the walk instead of the oldest of all. */
  async #oldestSince(since: number): Promise<string | undefined> {
    const [id] = (await this.#link.call('ZRANGE', this.#keys.byTime, since, '+inf', 'BYSCORE', 'LIMIT', 0, 1)) as string[];
    return id === undefined ? undefined : `[${id}`;
  }

  /** The other end of the span: the walk begins there. */
  async #newestUntil(until: number): Promise<string | undefined> {
    const [id] = (await this.#link.call('ZRANGE', this.#keys.byTime, `(${String(until)}`, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 1)) as string[];
    return id;
  }
}

export async function readSummary(link: Link, keys: Keys, runId: RunId): Promise<RunSummary | undefined> {
  const values = (await link.call('HMGET', keys.of(runId).run, ...SUMMARY_FIELDS)) as (string | null)[];
  return parseSummary(runId, values);
}

/** Where a walk begins, as ZRANGE … BYLEX takes it: behind one id, and at another or below. */
function startOf(before: string | undefined, newest: string | undefined): string {
  if (before === undefined) return newest === undefined ? '+' : `[${newest}`;
  return newest === undefined || before <= newest ? `(${before}` : `[${newest}`;
}

function fits(run: RunSummary, { status, since, until }: RunQuery): boolean {
  if (status !== undefined && run.status !== status) return false;
  return (since === undefined || run.createdAt >= since) && (until === undefined || run.createdAt < until);
}

function toOpenWait(cursor: string, text: string): OpenWait {
  try {
    const { runId, tenant, job, step, kind, name, since } = JSON.parse(text) as OpenWait;
    return { runId, tenant, job, step, kind, cursor: Number(cursor), since, ...(name === undefined ? {} : { name }) };
  } catch {
    throw new AppError('STATE_CORRUPT', { problem: `what waits under ${cursor} cannot be read` });
  }
}

/** A flat reply, two by two. */
function pairsOf(flat: readonly string[]): [string, string][] {
  return Array.from({ length: Math.floor(flat.length / 2) }, (_, index) => [flat[2 * index] ?? '', flat[2 * index + 1] ?? '']);
}

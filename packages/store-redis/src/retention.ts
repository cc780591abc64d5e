import type { RunId } from '@kb-labs/contracts';
import type { EndedRunQuery, KeptBytes, KeptRun, RemovedParts, Retention } from '@kb-labs/ports';

import { readSummary } from './catalog.js';
import type { StoreDeps } from './deps.js';
import { FORGET_BLOBS, LIST_ENDED } from './lua/retention-scripts.js';
import { removeParts } from './remove-parts.js';

const PARTS = ['journal', 'log', 'artifacts'] as const;
const LISTS = { log: 'endedWithLog', artifacts: 'endedWithArtifacts', any: 'ended' } as const;

export class RedisRetention implements Retention {
  readonly #deps: StoreDeps;

  constructor(deps: StoreDeps) {
    this.#deps = deps;
  }

  endedRuns(query: EndedRunQuery): Promise<KeptRun[]> {
    return this.#deps.link.operate(() => this.#endedRuns(query));
  }

  tenants(): Promise<string[]> {
    const { link, keys } = this.#deps;
    return link.operate(async () => (await link.call('ZRANGE', keys.tenantsWithRuns, 0, -1)) as string[]);
  }

  usage(tenant: string): Promise<KeptBytes> {
    const { link, keys } = this.#deps;
    return link.operate(async () => toBytes((await link.call('HMGET', keys.keptOf(tenant), ...PARTS)) as (string | null)[]));
  }

  remove(runId: RunId, parts: RemovedParts): Promise<boolean> {
    return this.#deps.link.operate(() => removeParts(this.#deps, runId, parts));
  }

  unusedBlobs({ before, limit }: { before: number; limit: number }): Promise<string[]> {
    const { link, keys } = this.#deps;
    return link.operate(async () => (await link.call('ZRANGE', keys.unusedBlobs, '-inf', `(${String(before)}`, 'BYSCORE', 'LIMIT', 0, Math.max(limit, 0))) as string[]);
  }

  forgetBlobs(digests: readonly string[]): Promise<string[]> {
    const { link, keys } = this.#deps;
    return link.operate(async () => (await link.run(FORGET_BLOBS, [keys.base], [link.now, ...digests])) as string[]);
  }

  /** A run that is being removed is passed over, and more are read in its place. */
  async #endedRuns(query: EndedRunQuery): Promise<KeptRun[]> {
    const { link, keys } = this.#deps;
    const found: KeptRun[] = [];
    for (let passed = 0; found.length < query.limit; ) {
      const missing = query.limit - found.length;
      const args = [link.now, LISTS[query.with ?? 'any'], query.tenant, query.before ?? '+inf', passed, missing, query.after?.endedAt ?? '-inf', query.after?.id ?? ''];
      const rows = rowsOf((await link.run(LIST_ENDED, [keys.base], args)) as string[]);
      const summaries = await Promise.all(rows.map(({ id }) => readSummary(link, keys, id)));
      for (const [index, { endedAt, bytes }] of rows.entries()) {
        const summary = summaries[index];
        if (summary !== undefined) found.push({ summary, endedAt, bytes });
      }
      if (rows.length < missing) break;
      passed += rows.length;
    }
    return found;
  }
}

/** A flat reply: an id, an instant, and the bytes of its parts. */
function rowsOf(flat: readonly string[]): { id: RunId; endedAt: number; bytes: KeptBytes }[] {
  const width = 2 + PARTS.length;
  return Array.from({ length: Math.floor(flat.length / width) }, (_, index) => {
    const [id, endedAt, ...bytes] = flat.slice(index * width, (index + 1) * width);
    return { id: id as RunId, endedAt: Number(endedAt), bytes: toBytes(bytes) };
  });
}

function toBytes([journal, log, artifacts]: readonly (string | null)[]): KeptBytes {
  return { journal: Number(journal ?? 0), log: Number(log ?? 0), artifacts: Number(artifacts ?? 0) };
}

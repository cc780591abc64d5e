import type { RunId, RunSummary } from '@kb-labs/contracts';
import type { Catalog, KeptBytes, KeptRun, Retention } from '@kb-labs/ports';

export interface MemoryRun {
  readonly tenant: string;
  /** `null`: it has not ended. */
  readonly endedAt: number | null;
  readonly bytes: KeptBytes;
  /** Who called it. */
  readonly parent?: string;
}

export interface MemoryRetention extends Retention {
  /** What is left: by run, its parts. */
  readonly kept: Map<string, MemoryRun>;
  /** Digests without a run, and since when. */
  readonly unused: Map<string, number>;
  readonly calls: { ended: number };
  readonly getRun: Catalog['getRun'];
}

export function memoryRetention(runs: Readonly<Record<string, MemoryRun>>): MemoryRetention {
  const kept = new Map(Object.entries(runs));
  const unused = new Map<string, number>();
  const calls = { ended: 0 };
  return {
    kept,
    unused,
    calls,
    getRun: (id) => {
      const run = kept.get(id);
      return Promise.resolve(run === undefined ? undefined : summaryOf(id, run));
    },
    endedRuns: ({ tenant, before = Number.POSITIVE_INFINITY, with: part, after, limit }) => {
      calls.ended += 1;
      const found = [...kept]
        .flatMap(([id, run]) => (run.endedAt === null ? [] : [{ summary: summaryOf(id, run), endedAt: run.endedAt, bytes: run.bytes }]))
        .filter(({ summary, endedAt, bytes }) => summary.tenant === tenant && endedAt < before && (part === undefined || bytes[part] > 0))
        .filter(({ summary, endedAt }) => after === undefined || endedAt > after.endedAt || (endedAt === after.endedAt && summary.id > after.id))
        .toSorted((a, b) => a.endedAt - b.endedAt || (a.summary.id < b.summary.id ? -1 : 1));
      return Promise.resolve(found.slice(0, limit) satisfies KeptRun[]);
    },
    tenants: () => Promise.resolve([...new Set([...kept.values()].map(({ tenant }) => tenant))].toSorted()),
    usage: (tenant) => {
      const ended = [...kept.values()].filter((run) => run.tenant === tenant && run.endedAt !== null);
      const total = (part: keyof KeptBytes): number => ended.reduce((sum, { bytes }) => sum + bytes[part], 0);
      return Promise.resolve({ journal: total('journal'), log: total('log'), artifacts: total('artifacts') });
    },
    remove: (runId: RunId, parts) => {
      const run = kept.get(runId);
      if (run === undefined || run.endedAt === null) return Promise.resolve(false);
      if (parts === 'run') kept.delete(runId);
      else kept.set(runId, { ...run, bytes: { ...run.bytes, [parts]: 0 } });
      return Promise.resolve(true);
    },
    unusedBlobs: ({ before, limit }) => Promise.resolve([...unused].filter(([, since]) => since < before).map(([digest]) => digest).slice(0, limit)),
    forgetBlobs: (digests) => {
      for (const digest of digests) unused.delete(digest);
      return Promise.resolve([]);
    },
  };
}

function summaryOf(id: string, { tenant, endedAt, parent }: MemoryRun): RunSummary {
  return {
    id,
    workflowId: 'w',
    workflowVersion: null,
    status: endedAt === null ? 'running' : 'success',
    root: id,
    tenant,
    trigger: { type: parent === undefined ? 'manual' : 'call', actor: 'test', branch: null },
    ...(parent === undefined ? {} : { parent }),
    createdAt: 0,
    startedAt: 0,
    finishedAt: endedAt,
  };
}

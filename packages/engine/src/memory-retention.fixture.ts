import type { RunId, RunSummary } from '@kb-labs/contracts';
import type { KeptBytes, KeptRun, Retention } from '@kb-labs/ports';

export interface MemoryRun {
  readonly tenant: string;
  /** `null`: it has not ended. */
  readonly endedAt: number | null;
  readonly bytes: KeptBytes;
}

export interface MemoryRetention extends Retention {
  /** What is left: by run, its parts. */
  readonly kept: Map<string, MemoryRun>;
  /** Digests without a run, and since when. */
  readonly unused: Map<string, number>;
  readonly calls: { ended: number };
}

export function memoryRetention(runs: Readonly<Record<string, MemoryRun>>): MemoryRetention {
  const kept = new Map(Object.entries(runs));
  const unused = new Map<string, number>();
  const calls = { ended: 0 };
  return {
    kept,
    unused,
    calls,
    endedRuns: ({ tenant, before = Number.POSITIVE_INFINITY, with: part, limit }) => {
      calls.ended += 1;
      const found = [...kept]
        .filter(([, run]) => run.tenant === tenant && run.endedAt !== null && run.endedAt < before && (part === undefined || run.bytes[part] > 0))
        .toSorted(([, a], [, b]) => (a.endedAt ?? 0) - (b.endedAt ?? 0))
        .slice(0, limit)
        .map(([id, { bytes }]): KeptRun => ({ summary: { id } as RunSummary, bytes }));
      return Promise.resolve(found);
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

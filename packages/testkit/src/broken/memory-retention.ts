import type { RunId } from '@kb-labs/contracts';
import type { EndedRunQuery, KeptBytes, KeptRun, RemovedParts, Retention, StoredBlob } from '@kb-labs/ports';

import type { MemoryRun, MemoryState } from './memory-state.js';

export function retentionOf(state: MemoryState): Retention {
  /** What was counted for runs that are gone, in a store whose sums stay. */
  const lost: KeptBytes[] = [];
  return {
    endedRuns: (query) => Promise.resolve(endedRuns(state, query)),
    tenants: () => Promise.resolve([...new Set([...state.runs.values()].map((run) => run.summary.tenant))].sort()),
    usage(tenant) {
      const kept = [...state.runs.values()].filter((run) => run.summary.tenant === tenant && isKept(state, run)).map((run) => bytesOf(run));
      const all = state.has('sums stay as they were') ? [...kept, ...lost] : kept;
      const sum = (part: keyof KeptBytes): number => all.reduce((bytes, each) => bytes + each[part], 0);
      return Promise.resolve({ journal: sum('journal'), log: sum('log'), artifacts: sum('artifacts') });
    },
    remove(runId, parts) {
      const run = state.runs.get(runId);
      const before = run === undefined ? undefined : bytesOf(run);
      const removed = remove(state, runId, parts);
      if (removed && before !== undefined) lost.push(before);
      return Promise.resolve(removed);
    },
    unusedBlobs({ before, limit }) {
      const unused = [...state.unused].filter(([, since]) => since < before || state.has('the time of unused blobs is not looked at'));
      return Promise.resolve(unused.sort(([, a], [, b]) => a - b).slice(0, limit).map(([digest]) => digest));
    },
    forgetBlobs(digests) {
      const used = digests.filter((digest) => isUsed(state, digest));
      for (const digest of digests) if (!used.includes(digest)) state.unused.delete(digest);
      if (!state.has('blobs in use are forgotten')) return Promise.resolve(used);
      for (const run of state.runs.values()) for (const digest of used) run.blobs.delete(digest);
      return Promise.resolve([]);
    },
  };
}

export function referTo(state: MemoryState, run: MemoryRun, blobs: readonly StoredBlob[] = []): void {
  for (const { digest, bytes } of blobs) {
    if (!run.blobs.has(digest) || state.has('a digest counts each time')) run.artifactBytes += bytes;
    run.blobs.set(digest, bytes);
    if (!state.has('a blob in use stays unused')) state.unused.delete(digest);
  }
}

function endedRuns(state: MemoryState, query: EndedRunQuery): KeptRun[] {
  const runs = [...state.runs.values()].filter((run) => run.summary.tenant === query.tenant && isKept(state, run));
  if (!state.has('runs that have ended are listed by id')) runs.sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0) || (a.summary.id < b.summary.id ? -1 : 1));
  const fitting = runs.filter((run) => {
    if (query.before !== undefined && (run.endedAt ?? 0) >= query.before && !state.has('the end of a run is not looked at')) return false;
    if (query.after !== undefined && !isBehind(run, query.after) && !state.has('a page of runs that have ended repeats one')) return false;
    if (query.with === 'log') return run.lines.length > 0;
    return query.with !== 'artifacts' || run.blobs.size > 0;
  });
  return fitting.slice(0, query.limit).map((run) => ({ summary: run.summary, endedAt: run.endedAt ?? 0, bytes: bytesOf(run) }));
}

function isBehind({ endedAt = 0, summary }: MemoryRun, after: NonNullable<EndedRunQuery['after']>): boolean {
  return endedAt === after.endedAt ? summary.id > after.id : endedAt > after.endedAt;
}

function isKept(state: MemoryState, run: MemoryRun): boolean {
  return run.endedAt !== undefined || state.has('open runs are kept runs');
}

function bytesOf(run: MemoryRun): KeptBytes {
  const journal = run.events.reduce((sum, { seq: _seq, at: _at, ...body }) => sum + Buffer.byteLength(JSON.stringify(body)), 0);
  return { journal, log: run.lines.reduce((sum, line) => sum + Buffer.byteLength(line.text) + 1, 0), artifacts: run.artifactBytes };
}

function remove(state: MemoryState, runId: RunId, parts: RemovedParts): boolean {
  const run = state.runs.get(runId);
  if (run === undefined || (run.endedAt === undefined && !state.has('open runs are removed'))) return false;
  if (state.has('a second removal fails') && (run.summary.logRemovedAt ?? run.summary.artifactsRemovedAt) !== undefined) return false;
  const at = state.clock.now();
  const tell = (summary: object): void => {
    if (!state.has('nothing tells when parts were removed')) run.summary = { ...run.summary, ...summary };
  };
  if (parts !== 'artifacts') {
    if (!state.has('a log stays')) run.lines.length = 0;
    tell({ logRemovedAt: at });
  }
  if (parts !== 'log' || state.has('removing a log removes the artifacts')) {
    release(state, run, at);
    tell({ artifactsRemovedAt: at });
  }
  if (parts === 'run') forget(state, runId);
  return true;
}

function release(state: MemoryState, run: MemoryRun, at: number): void {
  const digests = [...run.blobs.keys()];
  run.blobs.clear();
  run.artifactBytes = 0;
  if (state.has('blobs are never unused')) return;
  for (const digest of digests) if (!isUsed(state, digest) || state.has('a blob is unused when one run goes')) state.unused.set(digest, at);
}

function forget(state: MemoryState, runId: RunId): void {
  if (!state.has('tickets outlive a removed run')) for (const [id, { ticket }] of state.tickets) if (ticket.runId === runId) state.tickets.delete(id);
  if (state.has('keys go with their run')) for (const [key, known] of state.keys) if (known.runId === runId) state.keys.delete(key);
  if (!state.has('a removed run stays in lists')) state.runs.delete(runId);
}

function isUsed(state: MemoryState, digest: string): boolean {
  return [...state.runs.values()].some((run) => run.blobs.has(digest));
}

import type { ScopedRun } from './scoped-run.js';
import { sidechainOf } from './view-ids.js';

/** When what there is of a flow was settled, in ms since the epoch; `undefined`: it is not. */
export type SettledAt = (runs: readonly ScopedRun[]) => number | undefined;

/**
 * The runs of a flow: the root first, what it called in every generation, and what was submitted to one of its sidechains before the flow was settled.
 * What comes into such a session later, or at that very moment, is somebody else's: a flow that is settled does not change any more. Empty when the
 * root is not there.
 */
export function scopeOf(rootRunId: string, runs: readonly ScopedRun[], settledAt: SettledAt): ScopedRun[] {
  const known = index([...runs].sort(byTime));
  const root = known.byId.get(rootRunId);
  if (root === undefined) return [];
  const scope = new Map<string, ScopedRun>();
  const sidechains = new Set<string>();
  const add = (run: ScopedRun): void => {
    for (const one of treeOf(run, known, scope)) {
      scope.set(one.runId, one);
      if (one.isSidechain) sidechains.add(sidechainOf(one.runId));
    }
  };
  add(root);
  for (;;) {
    const next = known.submitted.find(({ runId, sessionId }) => !scope.has(runId) && sessionId !== null && sidechains.has(sessionId));
    if (next === undefined) return [...scope.values()];
    // They are in the order in which they came: what follows the first that is too late is too late as well.
    const settled = settledAt([...scope.values()]);
    if (settled !== undefined && next.createdAt >= settled) return [...scope.values()];
    add(next);
  }
}

interface Known {
  readonly byId: ReadonlyMap<string, ScopedRun>;
  /** By the run that called them, the oldest first. */
  readonly called: ReadonlyMap<string, readonly ScopedRun[]>;
  /** Those that somebody gave to a session, the oldest first. */
  readonly submitted: readonly ScopedRun[];
}

function index(runs: readonly ScopedRun[]): Known {
  return {
    byId: new Map(runs.map((run) => [run.runId, run])),
    called: Map.groupBy(runs.filter(({ parentRunId }) => parentRunId !== null), ({ parentRunId }) => parentRunId ?? ''),
    submitted: runs.filter(({ parentRunId, sessionId }) => parentRunId === null && sessionId !== null),
  };
}

/** The run, then what it called, each with all below it. */
function* treeOf(root: ScopedRun, { called }: Known, known: ReadonlyMap<string, ScopedRun>): Generator<ScopedRun> {
  const seen = new Set(known.keys());
  const stack = [root];
  for (let run = stack.pop(); run !== undefined; run = stack.pop()) {
    if (seen.has(run.runId)) continue;
    seen.add(run.runId);
    yield run;
    stack.push(...(called.get(run.runId) ?? []).toReversed());
  }
}

function byTime(a: ScopedRun, b: ScopedRun): number {
  return a.createdAt - b.createdAt || (a.runId < b.runId ? -1 : a.runId > b.runId ? 1 : 0);
}

import type { ScopedRun } from './scoped-run.js';
import { sidechainOf } from './view-ids.js';

/** When what there is of a flow was settled, in ms since the epoch; `undefined`: it is not. */
export type SettledAt = (runs: readonly ScopedRun[]) => number | undefined;

/**
 * The runs of a flow: the root first, what it called in every generation, and what was submitted to one of its sidechains before the flow was settled.
 * What comes into such a session later is somebody else's: a flow that is settled does not change any more. Empty when the root is not there.
 */
export function scopeOf(rootRunId: string, runs: readonly ScopedRun[], settledAt: SettledAt): ScopedRun[] {
  const known = new Map(runs.map((run) => [run.runId, run]));
  const root = known.get(rootRunId);
  if (root === undefined) return [];
  const scope = new Map<string, ScopedRun>();
  addTree(root, { runs, scope });
  const submitted = runs.filter((run) => !run.isSidechain && run.sessionId !== null).toSorted((a, b) => a.createdAt - b.createdAt || compare(a.runId, b.runId));
  for (let found = true; found; ) {
    found = false;
    for (const run of submitted) {
      if (scope.has(run.runId) || !isOfSidechain(run, scope)) continue;
      const settled = settledAt([...scope.values()]);
      if (settled !== undefined && run.createdAt > settled) continue;
      addTree(run, { runs, scope });
      found = true;
      break;
    }
  }
  return [...scope.values()];
}

function isOfSidechain(run: ScopedRun, scope: ReadonlyMap<string, ScopedRun>): boolean {
  return [...scope.values()].some((one) => one.isSidechain && run.sessionId === sidechainOf(one.runId));
}

function addTree(run: ScopedRun, to: { readonly runs: readonly ScopedRun[]; readonly scope: Map<string, ScopedRun> }): void {
  to.scope.set(run.runId, run);
  const children = to.runs.filter((one) => one.parentRunId === run.runId || run.childRunIds.includes(one.runId));
  for (const child of children.toSorted((a, b) => a.createdAt - b.createdAt || compare(a.runId, b.runId))) if (!to.scope.has(child.runId)) addTree(child, to);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

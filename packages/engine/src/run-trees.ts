import type { RunId, RunSummary } from '@kb-labs/contracts';
import type { KeptRun } from '@kb-labs/ports';
import { runOfSidechain } from '@kb-labs/projector';

import type { EngineDeps } from './deps.js';
import { findAsked } from './sessions/session-record.js';

export type TreeDeps = Pick<EngineDeps, 'records'> & { readonly catalog: Pick<EngineDeps['catalog'], 'getRun'> };

/**
 * Runs that are removed together: one that nobody called, what it called in every generation, and what was submitted to the sessions
 * made for those. Without this a flow could lose a run that failed before the one that it started with, and would stand better for it.
 * To be asked about runs in the order they ended, up to `before`.
 */
export class RunTrees {
  readonly #deps: TreeDeps;
  readonly #before: number;
  /** What was asked about, by the run that it goes with. */
  readonly #held = new Map<string, KeptRun[]>();

  constructor(deps: TreeDeps, before: number) {
    this.#deps = deps;
    this.#before = before;
  }

  /** All that can go now, itself at the front: whoever dies after that leaves runs that belong to none. Nothing while it belongs to one that is there. */
  async goingWith(run: KeptRun): Promise<readonly KeptRun[]> {
    const { id } = run.summary;
    const top = await topOf(this.#deps, run.summary);
    const held = this.#held.get(top.id) ?? [];
    if (top.id === id) {
      this.#held.delete(id);
      return [run, ...held];
    }
    // Such a top is not going to be asked about.
    if (top.finishedAt === null || top.finishedAt >= this.#before) return [];
    held.push(run);
    this.#held.set(top.id, held);
    return [];
  }
}

/** The last one that is there, going up from a run. */
async function topOf(deps: TreeDeps, run: RunSummary): Promise<RunSummary> {
  for (let top = run; ; ) {
    const above = await ownerOf(deps, top);
    const found = above === undefined ? undefined : await deps.catalog.getRun(above as RunId);
    if (found === undefined) return top;
    top = found;
  }
}

/** Who called it, or whose session it was submitted to. */
async function ownerOf(deps: TreeDeps, { id, tenant, trigger, parent }: RunSummary): Promise<string | undefined> {
  if (trigger.type === 'call') return parent;
  const place = await findAsked(deps, tenant, id);
  return place === undefined ? undefined : runOfSidechain(place.sessionId);
}

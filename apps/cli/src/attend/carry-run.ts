import { isTerminalRun, type RunId } from '@kb-labs/contracts';
import type { Composition } from '@kb-labs/daemon';
import { createWorker, type Worker } from '@kb-labs/engine';

/** A worker in this process for some runs, started when it turns out to be needed. */
export interface Carrier {
  readonly carrying: boolean;
  /** Runs that are to go on and that nobody carries: started apart from those carried here, or left when this one stopped. */
  readonly apart: readonly RunId[];
  start(): Promise<void>;
  /** For runs that have ended: does what is left to do after them, such as starting what their end starts, and stops. */
  finish(): Promise<void>;
  /** Resolves when nothing is held any more: after the step in progress. */
  stop(): Promise<void>;
}

const CHECK_MS = 20;

/** A worker serves a run with the whole tree it belongs to: a called run cannot go on alone. */
export function carrierOf({ deps, config }: Composition, ...runIds: RunId[]): Carrier {
  const apart: RunId[] = [];
  let worker: Promise<Worker> | undefined;
  let roots: readonly RunId[] = [];
  const rootOf = async (runId: RunId): Promise<RunId> => ((await deps.catalog.getRun(runId))?.root ?? runId) as RunId;
  const begin = async (): Promise<Worker> => {
    roots = await Promise.all(runIds.map(rootOf));
    const begun = createWorker(deps, { scope: [...new Set(roots)], concurrency: config.concurrency, leaseMs: config.leaseMs, onRunStarted: (runId) => void apart.push(runId) });
    await begun.start();
    return begun;
  };
  /** What called a run may have far to go: it is told, and not waited for. */
  const leaveCaller = async (runId: RunId, root: RunId): Promise<void> => {
    while ((await deps.queue.ticketsOf(runId)).length > 0) await new Promise<void>((resolve) => void deps.clock.after(CHECK_MS, resolve));
    const summary = await deps.catalog.getRun(root);
    if (summary !== undefined && !isTerminalRun(summary.status)) apart.push(root);
  };
  return {
    apart,
    get carrying() {
      return worker !== undefined;
    },
    start: async () => {
      worker ??= begin();
      await worker;
    },
    finish: async () => {
      const begun = await worker;
      if (begun === undefined) return;
      const called = runIds.flatMap((runId, index) => (roots[index] === undefined || roots[index] === runId ? [] : [{ runId, root: roots[index] }]));
      for (const { runId, root } of called) await leaveCaller(runId, root);
      // Most runs leave nothing to do, and then there is no reason to wait.
      if (called.length === 0 && (await deps.queue.nextDue(begun.id)) !== undefined) await begun.idle();
      await begun.stop();
    },
    stop: async () => {
      const begun = await worker;
      await begun?.stop();
    },
  };
}

import type { RunId } from '@kb-labs/contracts';
import type { Composition } from '@kb-labs/daemon';
import { createWorker } from '@kb-labs/engine';

/** A worker in this process for one run, started when it turns out to be needed. */
export interface Carrier {
  readonly carrying: boolean;
  start(): Promise<void>;
  /** Resolves when nothing is held any more: after the step in progress. */
  stop(): Promise<void>;
}

export function carrierOf({ deps, config }: Composition, runId: RunId): Carrier {
  const worker = createWorker(deps, { scope: [runId], concurrency: config.concurrency });
  let started: Promise<void> | undefined;
  return {
    get carrying() {
      return started !== undefined;
    },
    start: () => (started ??= worker.start()),
    stop: async () => {
      if (started === undefined) return;
      await started;
      await worker.stop();
    },
  };
}

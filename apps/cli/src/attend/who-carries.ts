import type { Composition } from '@kb-labs/daemon';

/** `never` when a daemon carries runs of this project on: only a worker of all runs serves one that nobody has heard of. */
export async function whoCarries<Otherwise>({ deps }: Composition, otherwise: Otherwise): Promise<Otherwise | 'never'> {
  const served = await deps.queue.served([deps.ids.runId()]);
  return served.size > 0 ? 'never' : otherwise;
}

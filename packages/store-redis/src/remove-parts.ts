import type { RunId } from '@kb-labs/contracts';
import { type AppError, fromUnknown } from '@kb-labs/errors';
import type { RemovedParts } from '@kb-labs/ports';

import type { StoreDeps } from './deps.js';
import { BEGIN_REMOVAL, END_REMOVAL, REMOVE_PARTS } from './lua/retention-scripts.js';

const AT_ONCE = 100;

/**
 * Removes parts of a run in three steps: notes that it begins, removes what is under the tag of the run, takes it out of the
 * lists and sums. Whoever finds the note of a process that died takes the other two; each can be taken twice.
 */
export async function removeParts(deps: StoreDeps, runId: RunId, parts: RemovedParts): Promise<boolean> {
  if (!(await begin(deps, runId, parts)) && !(await beginLate(deps, runId, parts))) return false;
  await finish(deps, runId, parts);
  return true;
}

/** Finishes removals that began at or before an instant, a hundred at most. Answers what stood in the way. */
export async function finishRemovals(deps: StoreDeps, until: number): Promise<AppError[]> {
  const { link, keys } = deps;
  const begun = (await link.call('ZRANGE', keys.removing, '-inf', until, 'BYSCORE', 'LIMIT', 0, AT_ONCE)) as string[];
  const results = await Promise.allSettled(
    begun.map(async (text) => {
      const [runId, parts] = text.split('/') as [RunId, RemovedParts];
      await finish(deps, runId, parts);
    }),
  );
  return results.flatMap((result) => (result.status === 'rejected' ? [fromUnknown(result.reason)] : []));
}

async function begin({ link, keys }: StoreDeps, runId: RunId, parts: RemovedParts): Promise<boolean> {
  return (await link.run(BEGIN_REMOVAL, [keys.base], [link.now, runId, parts])) === 1;
}

/** The process that ended the run may have died before its end was entered in the lists. */
async function beginLate(deps: StoreDeps, runId: RunId, parts: RemovedParts): Promise<boolean> {
  const { link, keys, outbox } = deps;
  if ((await link.call('HGET', keys.of(runId).run, 'ended')) !== '1') return false;
  const [problem] = await outbox.flush([runId]);
  if (problem !== undefined) throw problem;
  return await begin(deps, runId, parts);
}

async function finish({ link, keys }: StoreDeps, runId: RunId, parts: RemovedParts): Promise<void> {
  const { run, events, tickets, outbox, lines, steps } = keys.of(runId);
  const { channels } = keys;
  await link.run(REMOVE_PARTS, [run, events, tickets, outbox, lines, steps], [link.now, parts, channels.run(runId), channels.logs(runId), channels.runs]);
  await link.run(END_REMOVAL, [keys.base], [link.now, runId, parts]);
}

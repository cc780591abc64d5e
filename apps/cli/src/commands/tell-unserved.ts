import { parseRunId } from '@kb-labs/contracts';
import type { Composition } from '@kb-labs/daemon';

import type { CommandContext } from '../command-context.js';

const MOST_NAMED = 5;

/** An answer is kept with the run; who carries the run on is another matter, and worth saying where nobody does. */
export async function tellUnserved({ terminal }: CommandContext, { deps }: Composition, runs: readonly string[]): Promise<void> {
  const ids = [...new Set(runs)].flatMap((id) => parseRunId(id) ?? []);
  const served = await deps.queue.served(ids);
  const alone = ids.filter((id) => !served.has(id));
  terminal.note([
    ...alone.slice(0, MOST_NAMED).map((id) => `nobody carries ${id} on: "kb workflow:resume --run-id=${id}" does`),
    ...(alone.length > MOST_NAMED ? [`nor ${String(alone.length - MOST_NAMED)} others`] : []),
  ]);
}
